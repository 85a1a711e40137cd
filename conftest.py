"""What pytest leaves out where PyTorch, an optional extra, is not installed."""

import importlib.util

collect_ignore = []
if importlib.util.find_spec("torch") is None:
    names = ("fitting", "model", "steps", "trainer", "training", "validation")
    collect_ignore = [f"src/divgrad/learned/{name}.py" for name in names]
