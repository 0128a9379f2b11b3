"""How good a colorization is: metrics on pairs of pictures, and protocols that run a network over photographs."""
