"""Exact figures of queues with Poisson arrivals and constant service, from the literature.

Times are in service times (D = 1) throughout; `load` is the utilisation of a server, λ D / c.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from scipy.special import gammainc, gammaln

_NEGLIGIBLE = 1e-15


def mean_wait_m_d_1(load: float) -> float:
    """M/D/1: load / (2 (1 - load)). Source: Pollaczek (1930), Khinchine (1932)."""
    return load / (2 * (1 - load))


def mean_wait_m_d_c(load: float, servers: int) -> float:
    """M/D/c, with a = load × c and N_i Poisson of mean i a:

        W = sum over i >= 1 of P(N_i >= i c) - (c / a) P(N_i >= i c + 1).

    Source: Crommelin, P.O. Electrical Engineers' Journal 25 (1932) 41. It is Spitzer's identity for the mean of
    the largest sum of a random walk whose steps are Poisson(a) - c: the queue as seen every D.
    """
    a, total = load * servers, 0.0
    for i in range(1, 1_000_000):
        term = _at_least(i * servers, i * a) - _at_least(i * servers + 1, i * a) / load
        total += term
        if abs(term) < _NEGLIGIBLE * total:
            return total
    raise ValueError(f"no end at load {load}")


def _at_least(k: int, mean: float) -> float:
    """P(N >= k) of N Poisson, k >= 1: the regularised incomplete gamma function."""
    return float(gammainc(k, mean))


def wait_m_d_1_at_most(load: float, time: float) -> float:
    """P(wait <= t) of M/D/1: (1 - load) × sum over j = 0 … floor(t) of (load (j - t))^j / j! × e^(load (t - j)).

    Source: Erlang, Nyt Tidsskrift for Matematik B 20 (1909) 33. The terms alternate: good to a few t at most.
    """
    terms = [
        (load * (j - time)) ** j / math.factorial(j) * math.exp(load * (time - j))
        for j in range(math.floor(time) + 1)
    ]
    return (1 - load) * math.fsum(terms)


@cache
def number_in_m_d_c(load: float, servers: int, states: int = 1500) -> np.ndarray:
    """P(n in the system) for n < states, from the equations of the system as seen every D:

        p_j = (p_0 + … + p_c) a_j + sum over k = 1 … j of p_(c+k) a_(j-k),  a_j Poisson of mean load × c.

    Who is in service at one instant has left D later, and who came between is still there (Crommelin 1932).
    """
    a = load * servers
    j = np.arange(states)
    arrive = np.exp(j * math.log(a) - a - gammaln(j + 1))
    step = np.zeros((states, states))  # from column to row
    for n in range(states):
        stay = max(0, n - servers)
        step[stay:, n] = arrive[: states - stay]
    equations = step - np.eye(states)
    equations[-1] = 1.0
    return np.linalg.solve(equations, np.eye(states)[-1])


def mean_wait_from_number(load: float, servers: int) -> float:
    """M/D/c by Little's law: mean number waiting over λ."""
    p = number_in_m_d_c(load, servers)
    waiting = np.maximum(np.arange(len(p)) - servers, 0)
    return float(waiting @ p) / (load * servers)


def wait_m_d_c_at_most(load: float, servers: int, time: float) -> float:
    """P(wait <= t) of M/D/c, for (k - 1) <= t < k, with u = λ (k - t):

        sum over j = 0 … k c - 1 of Q_(kc-1-j) u^j / j! × e^-u,  Q_m = P(at most m wait).

    Source: Franx, Operations Research Letters 29 (2001) 221. All terms are positive.
    """
    p = number_in_m_d_c(load, servers)
    at_most = np.cumsum(p)[servers:]
    k = math.floor(time) + 1
    u = load * servers * (k - time)
    j = np.arange(k * servers)
    weights = np.exp(j * math.log(u) - u - gammaln(j + 1))
    return float(weights @ at_most[k * servers - 1 - j])


def mean_wait_m_m_c(load: float, servers: int) -> float:
    """M/M/c by Erlang's C formula (1917), from his B formula by recurrence."""
    a, blocked = load * servers, 1.0
    for k in range(1, servers + 1):
        blocked = a * blocked / (k + a * blocked)
    waiting = blocked / (1 - load * (1 - blocked))
    return waiting / (servers * (1 - load))


def mean_wait_cosmetatos(load: float, servers: int) -> float:
    """M/D/c, approximately: half of M/M/c × (1 + (1 - load) (c - 1) (sqrt(4 + 5 c) - 2) / (16 c load)).

    Source: Cosmetatos, INFOR 13 (1975) 328.
    """
    more = (1 - load) * (servers - 1) * (math.sqrt(4 + 5 * servers) - 2) / (16 * servers * load)
    return mean_wait_m_m_c(load, servers) / 2 * (1 + more)
