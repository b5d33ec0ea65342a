"""Taking turns, and what the ratio of two things that took turns is worth."""

import math
import statistics
import sys

# Student's t for 95 %, by degrees of freedom; above the last it changes little.
STUDENT = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 6: 2.447, 9: 2.262, 14: 2.145, 19: 2.093, 29: 2.045, 39: 2.023, 59: 2.001}


def turns(things, rounds, measure):
    """{thing: [what measure(thing) returned, …]}; the things take turns, in one order and in the other."""
    measured = {thing: [] for thing in things}
    for number in range(rounds):
        for thing in things if number % 2 == 0 else tuple(things)[::-1]:
            print(f"\r\033[K{number + 1}/{rounds}  {thing}" if sys.stderr.isatty() else "", end="", file=sys.stderr)
            measured[thing].append(measure(thing))
    print("\r\033[K" if sys.stderr.isatty() else "", end="", file=sys.stderr)
    return measured


def interval(ratios):
    """(mean, lower, upper) of at least two ratios, on their logarithms, with 95 %."""
    logs = [math.log(ratio) for ratio in ratios]
    mean = statistics.fmean(logs)
    freedom = max(known for known in STUDENT if known <= len(logs) - 1)
    half = STUDENT[freedom] * statistics.stdev(logs) / math.sqrt(len(logs))
    return math.exp(mean), math.exp(mean - half), math.exp(mean + half)


def ratio_text(values, base):
    """The mean ratio of the pairs of turns, and between which two numbers it is with 95 %."""
    ratios = [value / other for value, other in zip(values, base)]
    if len(ratios) < 2:
        return f"{ratios[0]:.2f}"
    mean, lower, upper = interval(ratios)
    return f"{mean:.2f} [{lower:.2f}, {upper:.2f}]"
