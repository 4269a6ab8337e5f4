"""`python -m envc` is the same as `envc`."""

from __future__ import annotations

from envc.cli import main

raise SystemExit(main())
