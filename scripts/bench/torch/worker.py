"""One PyTorch engine of `npm run bench`: JSON requests on stdin, JSON answers on stdout (see scripts/bench/protocol.ts).

python worker.py --threads 2 --mode fp32|bf16 [--compile]
"""
import argparse
import gc
import json
import os
import sys
import time

answers = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)  # whatever a library prints goes to stderr

parser = argparse.ArgumentParser()
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--mode", choices=["fp32", "bf16"], default="fp32")
parser.add_argument("--compile", action="store_true")
options = parser.parse_args()
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import torch  # noqa: E402

from works import Works  # noqa: E402

torch.set_num_threads(options.threads)


def say(message):
    answers.write(json.dumps(message) + "\n")


def status(field):
    """Bytes of a field of /proc/self/status; None where there is none."""
    try:
        with open("/proc/self/status") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith(field + ":"))
    except OSError:
        return None


def reset_peak():
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:
        pass  # a fresh process has a peak of its own all the same


def timed(run, budget, steps):
    times, began = [], time.perf_counter()
    while len(times) < steps and (not times or (time.perf_counter() - began) * 1000 < budget):
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1000)
    return {"times": times}


def answer(request, works, ready):
    op, name = request["op"], request.get("work")
    if op == "prepare":
        run, check = works.make(request)
        start = time.perf_counter()
        run()
        ready[name] = run
        return {"check": check, "warmMs": (time.perf_counter() - start) * 1000}
    if op == "time":
        return timed(ready[name], request["budget"], request["steps"])
    if op == "free":
        ready.pop(name, None)
        gc.collect()
        return {}
    if op == "memory":
        torch.ones(256, 256) @ torch.ones(256, 256)
        gc.collect()
        idle = status("VmRSS")
        reset_peak()
        run, _ = works.make(request)
        for _ in range(request["steps"]):
            run()
        return {"idle": idle, "peak": status("VmHWM")}
    raise ValueError(f"unknown request {op}")


def main():
    works, ready = Works(options.mode, options.compile), {}
    detail = f"torch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}"
    say({"hello": "torch", "detail": detail, "threads": torch.get_num_threads(), "versions": versions()})
    for line in sys.stdin:
        request = json.loads(line)
        try:
            say({"id": request["id"], **answer(request, works, ready)})
        except Exception as error:  # the benchmark marks the work and goes on
            reason = str(error).strip().split("\n")[0] or type(error).__name__
            say({"id": request["id"], "error": reason[:300]})


def versions():
    found = {"python": sys.version.split()[0], "torch": torch.__version__}
    try:
        from importlib.metadata import version

        found["transformers"] = version("transformers")
    except Exception:
        pass  # decode says what is missing
    return found


main()
