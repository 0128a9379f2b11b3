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
from typing import cast

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
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader

from colorizer_hf.models.base import ColorizerModel

from .config import OptimizerConfig, TrainConfig

KEPT_CHECKPOINTS = 2
Evaluator = Callable[[ColorizerModel, int], dict[str, float]]


class Objective(nn.Module):
    """Holds the network to train and computes its loss: one call then runs on any number of devices."""

    network: ColorizerModel

    def forward(self, photos: Tensor, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        """The loss of a batch of photos (B, 3, H, W) uint8, and its terms to log."""
        raise NotImplementedError


@dataclass
class Progression:
    """How far a run has come."""

    step: int = 0
    seconds: float = 0.0

    def share(self, config: TrainConfig) -> float:
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

    def __init__(
        self,
        objective: Objective,
        build_loader: Callable[..., DataLoader[Tensor]],
        config: TrainConfig,
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
        optimizer = torch.optim.AdamW(parameter_groups(self.network, config.optimizer), betas=(0.9, 0.99))
        self.objective, self.optimizer = self.accelerator.prepare(objective, optimizer)
        self.ema.to(self.accelerator.device)
        self.accelerator.register_for_checkpointing(self.ema)
        self.done = Progression()
        self.metrics: dict[str, float] = {}

    @property
    def averaged_model(self) -> ColorizerModel:
        """The network with averaged weights, in evaluation mode."""
        return cast(ColorizerModel, self.ema.module.eval())

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
        self.accelerator.end_training()

    def _step(self, photos: Tensor) -> dict[str, float]:
        share = self.done.share(self.config)
        set_learning_rates(self.optimizer, learning_rate_factor(self.done.step, share, self.config.optimizer))
        set_training_mode(self.network, frozen=share < self.config.optimizer.unfreeze_at)
        draw = self.done.step * self.accelerator.num_processes + self.accelerator.process_index
        generator = torch.Generator().manual_seed(self.config.seed * 1_000_003 + draw)
        loss, terms = self.objective(photos, generator)
        self.accelerator.backward(loss)
        self.accelerator.clip_grad_norm_(self.network.parameters(), self.config.optimizer.clip)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.ema.update_parameters(self.network)
        return terms

    def _after_step(self, terms: dict[str, float], bar: Progress, task: TaskID) -> None:
        step, config = self.done.step, self.config
        speed = step * self.samples_per_step / max(self.done.seconds, 1e-9)
        loss = "  ".join(f"{name} {value:.4f}" for name, value in terms.items())
        planned = step / max(self.done.share(config), 1e-9)  # a time limit may end the run before its last step
        bar.update(task, completed=step, total=max(round(planned), step), speed=f"{speed:.1f} images/s")
        if step % config.log_every == 0:
            minutes = self.done.seconds / 60
            bar.console.print(
                f"step {step}  {minutes:.1f} min  {speed:.1f} images/s  {loss}", highlight=False, soft_wrap=True
            )
            self.accelerator.log(terms, step=step)
        if config.evaluation.every and step % config.evaluation.every == 0:
            self._evaluate()
        if step % config.checkpoint_every == 0:
            self._save()
        if self.publish and config.hub.every and step % config.hub.every == 0 and self.accelerator.is_main_process:
            self.publish(self)

    def _evaluate(self) -> None:
        if self.evaluate is None or not self.accelerator.is_main_process:
            return
        with torch.no_grad():
            self.metrics = self.evaluate(self.averaged_model, self.done.step)
        self.accelerator.log(self.metrics, step=self.done.step)
        line = "  ".join(f"{name} {value:.3f}" for name, value in self.metrics.items())
        self.accelerator.print(f"step {self.done.step}  evaluation  {line}")

    def _save(self) -> None:
        """Write a checkpoint under another name and rename it when it is whole: a kill leaves none half written."""
        final = self.folder / "checkpoints" / f"step-{self.done.step:08d}"
        partial = final.with_name(f".{final.name}")
        if self.accelerator.is_main_process:
            shutil.rmtree(partial, ignore_errors=True)
        self.accelerator.wait_for_everyone()
        self.accelerator.save_state(str(partial))
        self.accelerator.wait_for_everyone()
        if self.accelerator.is_main_process:
            (partial / "progress.json").write_text(json.dumps(asdict(self.done)), encoding="utf-8")
            partial.replace(final)
            for old in sorted(final.parent.glob("step-*"))[:-KEPT_CHECKPOINTS]:
                shutil.rmtree(old)

    def _resume(self) -> None:
        checkpoints = sorted((self.folder / "checkpoints").glob("step-*"))
        if checkpoints:
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
    """Groups by learning rate (encoder or not) and weight decay (matrices and kernels only)."""
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        groups.setdefault((name.startswith("backbone."), parameter.ndim >= 2), []).append(parameter)
    return [
        {
            "params": parameters,
            "lr": config.backbone_lr if in_backbone else config.lr,
            "peak_lr": config.backbone_lr if in_backbone else config.lr,
            "weight_decay": config.weight_decay if decays else 0.0,
        }
        for (in_backbone, decays), parameters in groups.items()
    ]


def learning_rate_factor(step: int, share: float, config: OptimizerConfig) -> float:
    """Linear warm-up by steps times cosine decay over the run, in [0, 1]."""
    warmup = min((step + 1) / max(config.warmup_steps, 1), 1.0)
    return warmup * 0.5 * (1 + math.cos(math.pi * share))


def set_learning_rates(optimizer: torch.optim.Optimizer, factor: float) -> None:
    """Give every group its share of its peak."""
    for group in optimizer.param_groups:
        group["lr"] = group["peak_lr"] * factor


def set_training_mode(model: nn.Module, *, frozen: bool) -> None:
    """Training mode, but the encoder keeps the batch statistics it was pretrained with, frozen or not."""
    model.train()
    backbone = getattr(model, "backbone", None)
    if backbone is not None:
        backbone.eval()
        backbone.requires_grad_(not frozen)
