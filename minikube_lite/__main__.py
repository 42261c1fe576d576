"""`python -m minikube_lite` is the command `minikube-lite`."""

import sys

from minikube_lite.cli import main

sys.exit(main())
