"""The training loop: steps, averaged weights, evaluation, checkpoints that survive a kill.

A run is a pure function of its configuration: the batch and the hints of step n depend on (seed, n) alone, so a run
that was killed and resumed ends with the weights of an uninterrupted one.
"""

import json
import math
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple, cast

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedDataParallelKwargs, broadcast_object_list
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader

from colorizer_hf.models.base import ColorizerModel

from .config import OptimizerConfig, RunConfig
from .networks import save_network
from .whole_folders import TrainingError, replacing

KEPT_CHECKPOINTS = 2
HISTORY = "history.jsonl"
Evaluator = Callable[[ColorizerModel, int], dict[str, float]]


class ObjectiveOutput(NamedTuple):
    """What an objective makes of a batch.

    Attributes:
        loss: Scalar to descend.
        terms: What it consists of, unweighted, to log.
        made: Pictures (B, C, H, W) that the network made, by the names of the discriminators that judge them.
        real: What these should be, likewise.
    """

    loss: Tensor
    terms: dict[str, float]
    made: dict[str, Tensor] | None = None
    real: dict[str, Tensor] | None = None


class Objective(nn.Module):
    """Holds the network to train and computes its loss: one call then runs on any number of devices."""

    network: ColorizerModel
    judges: tuple[str, ...] = ("discriminator",)  # of an adversarial run, by name; each sees pictures of 3 channels

    def forward(self, photos: Any, generator: torch.Generator) -> ObjectiveOutput:
        """The loss of a batch as the loader makes it, photos (B, 3, H, W) uint8 unless the recipe says otherwise.

        `generator` decides all that is random.
        """
        raise NotImplementedError


@dataclass
class Progression:
    """How far a run has come."""

    step: int = 0
    seconds: float = 0.0

    def share(self, config: RunConfig) -> float:
        """Share of the run that is done, in [0, 1]: the further along of steps and minutes."""
        by_time = self.seconds / (60 * config.minutes) if config.minutes else 0.0
        return min(max(self.step / config.steps, by_time), 1.0)


class Trainer:
    """Trains one network by one objective.

    Args:
        objective: The network and its loss; a part named `backbone` is unfrozen late and learns slowly.
        build_loader: (start, total) -> loader of the batches with these samples.
        config: The run.
        evaluate: (averaged model, step) -> metrics to log.
        publish: Called with the trainer every `config.hub.every` steps, in the main process.
    """

    weights = "model.safetensors"  # of the network, in the folder of a saved model

    def __init__(
        self,
        objective: Objective,
        build_loader: Callable[..., DataLoader[Any]],
        config: RunConfig,
        evaluate: Evaluator | None = None,
        publish: "Callable[[Trainer], None] | None" = None,
    ) -> None:
        self.config = config
        self.folder = Path(config.output)
        self.build_loader = build_loader
        self.evaluate = evaluate
        self.publish = publish
        self.accelerator = Accelerator(
            mixed_precision=config.precision,
            log_with=None if config.report_to == "none" else config.report_to,
            project_dir=str(self.folder),
            # while the backbone is frozen its parameters take no part in the loss
            kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=True)],
        )
        self.network = objective.network.to(memory_format=torch.channels_last)  # a third faster on CPUs
        self.ema = AveragedModel(self.network, multi_avg_fn=get_ema_multi_avg_fn(config.optimizer.ema_decay))
        optimizer = adamw(parameter_groups(self.network, config.optimizer), config.optimizer.betas)
        self.objective, self.optimizer = self.accelerator.prepare(objective, optimizer)
        self.ema.to(self.accelerator.device)
        self.accelerator.register_for_checkpointing(self.ema)
        self.done = Progression()
        self.metrics: dict[str, float] = {}
        self._recent: list[dict[str, float]] = []  # terms of the steps since the last line of the log

    @property
    def averaged_model(self) -> ColorizerModel:
        """The network with averaged weights, in evaluation mode."""
        return cast(ColorizerModel, self.ema.module.eval())

    def save_model(self, folder: Path) -> None:
        """Write the averaged network, fp16, as `from_pretrained` reads it, whole or not at all.

        Raises:
            TrainingError: it cannot be written; what lay in the folder before is still there.
        """
        with replacing(folder) as partial:
            self._write_model(partial)

    def _write_model(self, folder: Path) -> None:
        save_network(self.averaged_model, folder)

    def run(self) -> None:
        """Train to the end, resuming from the last checkpoint in the run's folder if there is one."""
        self._resume()
        if self.config.report_to != "none":
            self.accelerator.init_trackers("logs", config={"output": self.config.output, "seed": self.config.seed})
        start, total = (steps * self.samples_per_step for steps in (self.done.step, self.config.steps))
        batches = iter(
            self.accelerator.prepare(self.build_loader(start=start, total=total))
        )  # each process has its own
        started = time.monotonic() - self.done.seconds
        with self._progress_bar() as bar:
            task = bar.add_task("training", total=self.config.steps, completed=self.done.step, speed="")
            while self.done.share(self.config) < 1:
                terms = self._step(next(batches))
                self.done.step += 1
                # all processes must agree on when the time is up
                (self.done.seconds,) = broadcast_object_list([time.monotonic() - started])
                self._after_step(terms, bar, task)
        self._evaluate()
        self._leave()

    def _leave(self) -> None:
        """End what the processes of a run have in common.

        A wrapped objective must not outlive the group of processes: the last to hold it would wait, with Python's lock
        in hand, for a thread that now and then needs this lock to end (torch 2.13, gloo).
        """
        for name, part in list(vars(self).items()):
            if isinstance(part, DistributedDataParallel):
                setattr(self, name, part.module)
        self.accelerator.free_memory()
        self.accelerator.end_training()

    def _step(self, photos: Any) -> dict[str, float]:
        """One step on what the loader gives; returns what is logged."""
        output = self._predict(photos)
        self._descend(output.loss, self.network, self.optimizer)
        self.ema.update_parameters(self.network)
        return output.terms

    def _predict(self, photos: Any) -> ObjectiveOutput:
        """The objective of this step, at this step's learning rates and with its random draws."""
        share, config = self.done.share(self.config), self.config.optimizer
        set_learning_rates(self.optimizer, learning_rate_factor(self.done.step, share, config))
        set_training_mode(self.network, frozen=share < config.unfreeze_at, kept_statistics=config.kept_statistics)
        draw = self.done.step * self.accelerator.num_processes + self.accelerator.process_index
        seed = self.config.seed * 1_000_003 + draw
        with torch.random.fork_rng():  # dropout draws from the global generator
            torch.manual_seed(seed)
            return self.objective(photos, torch.Generator().manual_seed(seed))

    def _descend(self, loss: Tensor, network: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        if not loss.isfinite():
            raise TrainingError(
                f"the loss is {loss.item()} after step {self.done.step}, so the run stops; {self._last_good()}, "
                "and a lower learning rate often helps"
            )
        self.accelerator.backward(loss)
        self.accelerator.clip_grad_norm_(network.parameters(), self.config.optimizer.clip)
        optimizer.step()
        optimizer.zero_grad()

    def _after_step(self, terms: dict[str, float], bar: Progress, task: TaskID) -> None:
        step, config = self.done.step, self.config
        speed = step * self.samples_per_step / max(self.done.seconds, 1e-9)
        self._recent.append(terms)
        planned = step / max(self.done.share(config), 1e-9)  # a time limit may end the run before its last step
        bar.update(task, completed=step, total=max(round(planned), step), speed=f"{speed:.1f} images/s")
        is_last = self.done.share(config) >= 1
        if step % config.log_every == 0 or is_last:
            minutes = self.done.seconds / 60
            means = {name: fmean(recent[name] for recent in self._recent) for name in terms}
            self._recent.clear()
            loss = "  ".join(f"{name} {value:.4f}" for name, value in means.items())
            bar.console.print(
                f"step {step}  {minutes:.1f} min  {speed:.1f} images/s  {loss}", highlight=False, soft_wrap=True
            )
            self._log(means)
        if config.evaluation.every and step % config.evaluation.every == 0:
            self._evaluate()
        if step % config.checkpoint_every == 0:
            self._save()
        is_due = config.hub.every and step % config.hub.every == 0 and not is_last  # the end is pushed anyway
        if self.publish and is_due and self.accelerator.is_main_process:
            self.publish(self)

    def _log(self, values: dict[str, float]) -> None:
        """Hand values to the trackers, and keep them in the run's folder for curves."""
        self.accelerator.log(values, step=self.done.step)
        if self.accelerator.is_main_process:
            self.folder.mkdir(parents=True, exist_ok=True)
            with (self.folder / HISTORY).open("a", encoding="utf-8") as history:
                history.write(json.dumps({"step": self.done.step, **values}) + "\n")

    def _evaluate(self) -> None:
        if self.evaluate is None or not self.accelerator.is_main_process:
            return
        with torch.no_grad():
            self.metrics = self.evaluate(self.averaged_model, self.done.step)
        self._log(self.metrics)
        line = "  ".join(f"{name} {value:.3f}" for name, value in self.metrics.items())
        self.accelerator.print(f"step {self.done.step}  evaluation  {line}")

    def _save(self) -> None:
        """Write a checkpoint from which the run can go on, whole or not at all."""
        final = self.folder / "checkpoints" / f"step-{self.done.step:08d}"
        self.accelerator.wait_for_everyone()
        try:
            with replacing(final, is_mine=self.accelerator.is_main_process) as partial:
                self.accelerator.wait_for_everyone()
                self.accelerator.save_state(str(partial))
                self.accelerator.wait_for_everyone()
                if self.accelerator.is_main_process:
                    (partial / "progress.json").write_text(json.dumps(asdict(self.done)), encoding="utf-8")
        except TrainingError as error:
            raise TrainingError(f"{error}; {self._last_good()}") from error
        if self.accelerator.is_main_process:
            for old in self._checkpoints()[:-KEPT_CHECKPOINTS]:
                shutil.rmtree(old)

    def _checkpoints(self) -> list[Path]:
        return sorted((self.folder / "checkpoints").glob("step-*"))

    def _last_good(self) -> str:
        checkpoints = self._checkpoints()
        return f"the last good checkpoint is {checkpoints[-1]}" if checkpoints else "there is no checkpoint yet"

    def _resume(self) -> None:
        if checkpoints := self._checkpoints():
            self.accelerator.load_state(str(checkpoints[-1]))
            saved = json.loads((checkpoints[-1] / "progress.json").read_text(encoding="utf-8"))
            self.done = Progression(**saved)
            self.accelerator.print(f"resumed from {checkpoints[-1]}")

    @property
    def samples_per_step(self) -> int:
        """Photos that all processes together see in a step."""
        return self.config.batch_size * self.accelerator.num_processes

    def _progress_bar(self) -> Progress:
        columns = (TextColumn("{task.description}"), BarColumn(bar_width=20), MofNCompleteColumn())
        times = (TimeElapsedColumn(), TimeRemainingColumn(), TextColumn("{task.fields[speed]}"))
        return Progress(*columns, *times, disable=not self.accelerator.is_main_process)


def parameter_groups(model: nn.Module, config: OptimizerConfig) -> list[dict]:
    """Groups by learning rate (slow or not) and weight decay (matrices and kernels only)."""
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        groups.setdefault((name.startswith(config.slow), parameter.ndim >= 2), []).append(parameter)
    return [
        {
            "params": parameters,
            "lr": config.backbone_lr if is_slow else config.lr,
            "peak_lr": config.backbone_lr if is_slow else config.lr,
            "weight_decay": config.weight_decay if decays else 0.0,
        }
        for (is_slow, decays), parameters in groups.items()
    ]


def adamw(groups: list[dict], betas: tuple[float, ...]) -> torch.optim.AdamW:
    """AdamW over groups from `parameter_groups`."""
    first, second = betas
    return torch.optim.AdamW(groups, betas=(first, second))


def learning_rate_factor(step: int, share: float, config: OptimizerConfig) -> float:
    """Linear warm-up by steps, times what the schedule leaves at a share of the run; in [0, 1]."""
    warmup = min((step + 1) / max(config.warmup_steps, 1), 1.0)
    if config.schedule == "constant":
        return warmup
    if config.schedule == "linear":
        return warmup * min((1 - share) / max(1 - config.decay_from, 1e-9), 1.0)
    if config.schedule == "halving":
        return warmup * 0.5 ** int(share * config.parts)
    return warmup * 0.5 * (1 + math.cos(math.pi * share))


def set_learning_rates(optimizer: torch.optim.Optimizer, factor: float) -> None:
    """Give every group its share of its peak."""
    for group in optimizer.param_groups:
        group["lr"] = group["peak_lr"] * factor


def set_training_mode(model: nn.Module, *, frozen: bool, kept_statistics: str) -> None:
    """Training mode, but the batch norms of the "backbone", of "all" or of "none" keep their statistics."""
    model.train()
    backbone = getattr(model, "backbone", None)
    if backbone is not None:
        backbone.requires_grad_(not frozen)
    kept = {"backbone": backbone, "all": model, "none": None}[kept_statistics]
    for module in kept.modules() if kept is not None else ():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()
