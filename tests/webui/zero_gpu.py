"""Stands in for the package `spaces` as it behaves on ZeroGPU hardware, which can be had on Hugging Face Spaces only.

There a decorated function runs in a forked process, in a thread of its own; what goes there and what comes back is
pickled; of exceptions only a `gradio.Error` keeps its message. Here no GPU is lent, but the rules are the same.
"""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import gradio as gr

LENT = Path("lent")  # in the Space's folder: gets a line for every call
NONE_LEFT = Path("none_left")  # while this file is there, no GPU is lent
_processes = multiprocessing.get_context("fork")


def GPU(*, duration: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The decorator of functions that want a GPU for some seconds."""
    return lambda function: partial(_call, function, duration)


def _call(function: Callable[..., Any], duration: int, *arguments: Any) -> Any:
    if NONE_LEFT.exists():
        raise gr.Error("no GPU is left for today")
    with LENT.open("a") as calls:
        print(duration, file=calls)
    here, there = _processes.Pipe()
    process = _processes.Process(target=_work, args=(function, there))
    process.start()
    there.close()  # a process that dies is then an end of file here
    here.send(arguments)
    answer = here.recv()
    here.send("thank you")  # until then the other side must live: it holds the memory of tensors
    process.join()
    if isinstance(answer, gr.Error):
        raise answer
    return answer


def _work(function: Callable[..., Any], other: Connection) -> None:
    try:
        with ThreadPoolExecutor(1) as thread:
            answer = thread.submit(function, *other.recv()).result()
    except Exception as error:
        answer = error if isinstance(error, gr.Error) else gr.Error(type(error).__name__)
    other.send(answer)
    other.recv()
