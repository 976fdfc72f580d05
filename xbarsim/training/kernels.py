"""Pulses on all cells of an array, line by line, in machine code.

A slot is one pulse time: each line fires or not, and where two firing lines cross, a cell gets one pulse. `fired` holds
a row a slot: polarity of each input line (-1, 0, +1), after all slots the same again with opposite polarity, and a row
of zeros. So the row of a slot, seen from an output line that fires with polarity s, is there as it is.

A step is w + gain + slope w, up or down, cut at its own bound. Four slots go over a line at once: then a cell's
numbers are read once for four pulses, which is what the time goes into. Noise comes from a table of normal numbers,
entered at a random place for each line and slot.
"""

from __future__ import annotations

from xbarsim.training.compiled import compiled

AT_ONCE = 4
PLAIN, ADDED, MULTIPLIED = 0, 1, 2


@compiled
def moved(v, sign, up, up_slope, down, down_slope, high, low):
    """w after one pulse, or as it was."""
    risen = v + up + up_slope * v
    risen = risen if risen < high else high
    fallen = v + down + down_slope * v
    fallen = fallen if fallen > low else low
    return risen if sign > 0 else (fallen if sign < 0 else v)


@compiled
def plain_line(w, a, b, c, d, up, up_slope, down, down_slope, high, low):
    for j in range(w.shape[0]):
        r, rs, f, fs, hi, lo = up[j], up_slope[j], down[j], down_slope[j], high[j], low[j]
        v = moved(w[j], a[j], r, rs, f, fs, hi, lo)
        v = moved(v, b[j], r, rs, f, fs, hi, lo)
        v = moved(v, c[j], r, rs, f, fs, hi, lo)
        w[j] = moved(v, d[j], r, rs, f, fs, hi, lo)


@compiled
def added_line(w, a, b, c, d, up, up_slope, down, down_slope, high, low, p, q, s, t):
    """p, q, s, t: noise of the four pulses, in steps, already scaled."""
    for j in range(w.shape[0]):
        r, rs, f, fs, hi, lo = up[j], up_slope[j], down[j], down_slope[j], high[j], low[j]
        v = moved(w[j], a[j], r + r * p[j], rs, f + f * p[j], fs, hi, lo)
        v = moved(v, b[j], r + r * q[j], rs, f + f * q[j], fs, hi, lo)
        v = moved(v, c[j], r + r * s[j], rs, f + f * s[j], fs, hi, lo)
        w[j] = moved(v, d[j], r + r * t[j], rs, f + f * t[j], fs, hi, lo)


@compiled
def multiplied_line(w, a, up, up_slope, down, down_slope, high, low, p):
    for j in range(w.shape[0]):
        n = 1 + p[j]
        w[j] = moved(w[j], a[j], up[j] * n, up_slope[j] * n, down[j] * n, down_slope[j] * n, high[j], low[j])


@compiled
def tally(counts, row, fired, chosen, n):
    """Add the pulses of n slots to one line's counts; `row` is scratch, of bytes that are emptied in time."""
    for first in range(0, n, 255):
        row[:] = 0
        for k in range(first, min(first + 255, n)):
            line = fired[chosen[k]]
            for j in range(row.shape[0]):
                row[j] += line[j] * line[j]
        for j in range(row.shape[0]):
            counts[j] += row[j]


@compiled
def choose(chosen, signs, slots):
    """Rows of `fired` that an output line sees, in order, filled up with the empty row; how many there are."""
    n = 0
    for t in range(slots):
        if signs[t] > 0:
            chosen[n] = t
            n += 1
        elif signs[t] < 0:
            chosen[n] = slots + t
            n += 1
    for k in range(AT_ONCE):
        chosen[n + k] = 2 * slots
    return n


@compiled
def further(entry):
    """Another place in the table of noise: a linear congruential step, of which the high bits count."""
    return (entry * 1664525 + 1013904223) & 0xFFFFFFFF


@compiled
def pulse_lines(
    w, up, up_slope, down, down_slope, high, low, counts, fired, signs, kind, noise, entries, row, chosen
):
    """All slots on all cells.

    w and the steps: (outputs, inputs); fired: (2 slots + 1, inputs); signs: (outputs, slots); noise: a table of 2^18,
    and what is read beyond its end; entries: (outputs,) numbers of 32 bits, each a first place in it.
    """
    slots, width = signs.shape[1], w.shape[1]
    for i in range(w.shape[0]):
        n = choose(chosen, signs[i], slots)
        tally(counts[i], row, fired, chosen, n)
        steps = (up[i], up_slope[i], down[i], down_slope[i], high[i], low[i])
        place = entries[i]
        if kind == MULTIPLIED:
            for k in range(n):
                place = further(place)
                e = place >> 14
                multiplied_line(w[i], fired[chosen[k]], *steps, noise[e : e + width])
            continue
        for k in range(0, n, AT_ONCE):
            a, b = fired[chosen[k]], fired[chosen[k + 1]]
            c, d = fired[chosen[k + 2]], fired[chosen[k + 3]]
            if kind == PLAIN:
                plain_line(w[i], a, b, c, d, *steps)
            else:
                place = further(place)
                e = place >> 14
                added_line(
                    w[i], a, b, c, d, *steps,
                    noise[e : e + width], noise[e + width : e + 2 * width],
                    noise[e + 2 * width : e + 3 * width], noise[e + 3 * width : e + 4 * width],
                )  # fmt: skip


@compiled
def fire(draws, chances, negative, sample, fired):
    """Which lines fire: where a draw lies below its line's chance in the slot's sample; with the line's polarity.

    draws: (slots, lines) of 16 bits; chances: (samples, lines), of 65536; sample: (slots,); fired: (slots, lines).
    """
    for t in range(draws.shape[0]):
        b = sample[t]
        for j in range(draws.shape[1]):
            hit = draws[t, j] < chances[b, j]
            fired[t, j] = (-1 if negative[b, j] else 1) if hit else 0
