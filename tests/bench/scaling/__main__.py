"""`python -m tests.bench.scaling`: how soon N workers are at work, how fast they send, and how busy the claim is.

The first table has the measured points beside: `python -m tests.bench.dispatch.ramp`, seconds after the first worker.
"""

from tests.bench.scaling.workers import EMAILS, NOOP, TEXTS, simulate

# From docs/benchmarks.md, “Many workers”: by workers, how long after the first so many held a batch.
MEASURED = {2: {2: 0.02}, 8: {4: 0.13, 8: 0.50}}
RAMP_BATCHES = 20
WORKERS = (2, 8, 32)
BATCHES_OF_A_WORKER = 50


def main() -> None:
    print("seconds after the first worker until so many hold a batch: 20 batches of SMS, 50 ms each, 2 cores")
    print(f"{'workers':>8}{'holding':>9}{'simulated':>11}{'measured':>10}")
    for workers, points in MEASURED.items():
        reached = simulate(workers, 2, RAMP_BATCHES, TEXTS).reached
        for holding, seconds in points.items():
            print(f"{workers:>8}{holding:>9}{reached[holding - 1] - reached[0]:>11.2f}{seconds:>10.2f}")
    for name, provider in (("a provider that does nothing", NOOP), ("e-mails, 1,000 in 50 ms", EMAILS)):
        print(f"\n{name}, {BATCHES_OF_A_WORKER} batches for each worker")
        print(f"{'workers':>8}{'cores':>7}{'all at work':>13}{'messages/s':>12}{'claims/s':>10}{'claim busy':>12}")
        for cores_each in (0, 1):
            for workers in WORKERS:
                cores = max(2, workers * cores_each)
                run = simulate(workers, cores, BATCHES_OF_A_WORKER * workers, provider)
                at_work = f"{run.reached[workers - 1]:.2f} s" if len(run.reached) >= workers else "never"
                print(
                    f"{workers:>8}{cores:>7}{at_work:>13}{run.messages_per_second:>12,.0f}"
                    f"{run.claims / run.seconds:>10,.0f}{100 * run.locked_share:>11.1f}%"
                )


if __name__ == "__main__":
    main()
