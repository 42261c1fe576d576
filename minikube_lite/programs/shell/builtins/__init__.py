"""The commands of the shell itself; upstream: POSIX, Shell Command Language, 2.14, and the utilities that busybox builds in."""

from __future__ import annotations

from minikube_lite.programs.shell.builtins.control import CONTROL
from minikube_lite.programs.shell.builtins.environment import ENVIRONMENT
from minikube_lite.programs.shell.builtins.options import OPTION_COMMANDS
from minikube_lite.programs.shell.builtins.processes import PROCESSES
from minikube_lite.programs.shell.builtins.reading import READING
from minikube_lite.programs.shell.builtins.words import WORDS

BUILTINS = {**CONTROL, **ENVIRONMENT, **OPTION_COMMANDS, **PROCESSES, **READING, **WORDS}
