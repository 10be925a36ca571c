"""Benchmarks of the product beside competitors and lower bounds: `make bench`.

`stage` is what every run needs. `acceptance`, `dispatch` and `peers` measure; `costs` has further measurements, most of
them commands of their own. `report` judges and prints. Nothing outside the benchmarks imports any of them, except
`stage.servers`.
"""
