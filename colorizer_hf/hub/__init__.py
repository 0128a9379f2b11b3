"""The Hugging Face Hub: model cards, the code in a published repository, pushing, the cache of downloads."""
