"""`python -m monitor` is `sturmglas`."""

from monitor.cli import main

main()
