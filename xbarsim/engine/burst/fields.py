"""Columns of the tables that the compiled kernel works on: one row a thing, 64-bit integers only.

The kernel takes them as constants, so that a table is read as fast as a record of a compiled language.
"""

from __future__ import annotations

from typing import Final

NONE: Final = -1  # no row, no limit

# --- scalars ---------------------------------------------------------------------------------------
NOW: Final = 0  # ps
CALENDAR: Final = 2  # events waiting
FIFO_HEAD: Final = 3
FIFO_TAIL: Final = 4
ACTIONS: Final = 5  # on the stack
FREE_PASSAGE: Final = 6
FREE_PASSAGES: Final = 7
FREE_FRAME: Final = 8
FREE_FRAMES: Final = 9
NOTIFY: Final = 10  # a request is complete, or a submitted piece of work
SPANS: Final = 11
SERVICES: Final = 12
BEGUN: Final = 13  # drivers that have taken their first step
MOST_STATIONS: Final = 14  # of one stage
SHORT: Final = 15  # the counter whose ring is too small
EVENTS: Final = 16
RECORD: Final = 17  # 0 nothing, 1 spans of operations, 2 every service too
VISITS: Final = 18
TOLD: Final = 19  # submitted work that is done
FIFO_SIZE: Final = 20  # a power of two
ROOM_CALENDAR: Final = 21  # rows of the tables that grow
ROOM_ACTIONS: Final = 22
ROOM_SPANS: Final = 23
ROOM_SERVICES: Final = 24
MARGIN: Final = 25  # rows that one step may add at most
PASSAGE: Final = 26  # columns of a passage
DRIVERS: Final = 27  # rows
EDGES_N: Final = 28
STREAMS_N: Final = 29
SHIFT: Final = 30  # a day of the calendar is so many doublings of half a picosecond
DAY: Final = 31  # the present one, counted from 0
DAYS: Final = 32  # of a round, a power of two
FREE_NOTE: Final = 33
WALKED: Final = 34  # events passed on their day, since the last review
SCANNED: Final = 35  # empty days
SCALARS: Final = 36
MOST_DAYS: Final = (1 << 62) - 1

# --- notes of the calendar ---------------------------------------------------------------------------
KEY: Final = 0
EVENT: Final = 1
AFTER_NOTE: Final = 2
NOTE: Final = 4

# --- stations: what every visit reads comes first, in one line of the processor's cache ----------------
FREE: Final = 0
HANDED_PS: Final = 1
GATED_AFTER_PS: Final = 2
DUE: Final = 3  # servers whose release is known
DUE_PS: Final = 4  # the first release
DUE_MEMBER: Final = 5  # whose it is: a row of `members`
QUEUE_HEAD: Final = 6
QUEUE_TAIL: Final = 7
WOKEN_PS: Final = 8
SERVERS: Final = 9
DUE_AT: Final = 10  # first place of the other releases in their table
HELD_MORE_PS: Final = 11  # held beyond the services
WAITED_PS: Final = 12
GATED_PS: Final = 13
IDLE_SINCE_PS: Final = 14  # kept where it is asked for
STATION: Final = 16  # columns

# --- stages ------------------------------------------------------------------------------------------
PORTION_PS: Final = 0
PORTIONS: Final = 1
DELAY_PS: Final = 2
STATIONS: Final = 3  # twice their number, plus one if the stage holds
MEMBERS_AT: Final = 4  # first row of `members`
FIRST_STATION: Final = 5
OPERATION: Final = 6
STAGE_JOBS: Final = 7
STAGE: Final = 8

# --- works: chains, sequences, parallels ------------------------------------------------------------
CHAIN: Final = 0
SEQUENTIAL: Final = 1
PARALLEL: Final = 2
KIND: Final = 0
PARTS_AT: Final = 1  # first place in `flat`
PARTS: Final = 2
WIDTH: Final = 3
WORK: Final = 4

# --- passages: jobs on their way through a chain -----------------------------------------------------
STAGES_AT: Final = 0
STAGES: Final = 1
NUMBER: Final = 2
CUT: Final = 3  # portions, as the job is cut now
ADMIT: Final = 4  # frame
DONE: Final = 5  # frame
GRANTS: Final = 6
HOLDING: Final = 7  # stage before, if still taken
LINES: Final = 8
NEXT: Final = 9  # in a station's queue, or in the list of free passages
SINCE_PS: Final = 10
TIMES: Final = 11  # grants, grants of the stage before, lines

# --- actions on the stack: (what, work or frame, admit, done) -----------------------------------------
PERFORM: Final = 0
FIRE: Final = 1

# --- frames: what happens when a piece of work is done -----------------------------------------------
JOB: Final = 0  # stream, first index, positions, job
ARRIVE: Final = 1  # edge, first index, positions
LAST: Final = 2  # missing, then
THEN: Final = 3  # work, next part, then
ADMITTED: Final = 4  # missing, driver
EXTERNAL: Final = 5  # token
FRAME_KIND: Final = 0
A: Final = 1
B: Final = 2
C: Final = 3
D: Final = 4
FRAME: Final = 5

# --- drivers: one a copy of an operation --------------------------------------------------------------
STREAM: Final = 0
COPY: Final = 1
REQUEST: Final = 2
TURN: Final = 3  # of its jobs in this request
OBSTACLE: Final = 4  # what comes next to be checked
JOBS_AT: Final = 5
JOBS: Final = 6
AFTER: Final = 7  # next in the list of a counter's waiters
WANTED: Final = 8  # the value it waits for
WAITS_ON: Final = 9  # the counter
DRIVER: Final = 10

# --- counters -----------------------------------------------------------------------------------------
VALUE: Final = 0
WAITERS: Final = 1  # first driver
RING_AT: Final = 2
RING: Final = 3  # length, a power of two
COUNTER: Final = 4

# --- edges, streams, networks -------------------------------------------------------------------------
PRODUCER: Final = 0
CONSUMER: Final = 1
EDGE_POSITIONS: Final = 2
CAPACITY: Final = 3
LAST_AT: Final = 4
FIRST_AT: Final = 5
ROUTE_AT: Final = 6
DELIVERIES_AT: Final = 7
DELIVERIES: Final = 8
EDGE_LEVELS: Final = 9
EDGE_GATE: Final = 10
EDGE: Final = 11

POSITIONS: Final = 0
CHUNK: Final = 1
STREAM_JOBS: Final = 2
INPUTS_AT: Final = 3
INPUTS: Final = 4
OUTPUTS_AT: Final = 5
OUTPUTS: Final = 6
FINISHED: Final = 7
NETWORK: Final = 8
ROOTS_AT: Final = 9  # works, by level and copy
LEVELS: Final = 10
COPIES: Final = 11
GATE: Final = 12
AT_THE_DOOR: Final = 13
STREAM_COLUMNS: Final = 14

ENDS_AT: Final = 0  # streams that nobody reads
ENDS: Final = 1
COMPLETED: Final = 2
REQUEST_RING: Final = 3  # requests whose levels and gates are kept, a power of two
LEVELS_AT: Final = 4
NETWORK_COLUMNS: Final = 5

GATE_AT: Final = 0  # first place in the gates' table
GATE_JOBS: Final = 1
GATE_COLUMNS: Final = 2

# --- why the kernel came back ---------------------------------------------------------------------------
IDLE: Final = 0  # nothing is left to happen
UNTIL: Final = 1
TOLD_SO: Final = 2  # a request is complete
GROW: Final = 3  # a table is nearly full
TICK: Final = 4  # so many events have passed

# --- tables, as they stand in the array of addresses ------------------------------------------------------
G: Final = 0  # scalars
STATIONS_T: Final = 1
DUE_T: Final = 2  # (release, member) beyond a station's first, two columns
WAITS_T: Final = 3  # ps waited, by pair of station and stream
STAGES_T: Final = 4
MEMBERS_T: Final = 5  # (station, pair), two columns
WORKS_T: Final = 6
FLAT_T: Final = 7  # all lists
PASSAGES_T: Final = 8
FRAMES_T: Final = 9
DRIVERS_T: Final = 10
COUNTERS_T: Final = 11
RINGS_T: Final = 12
EDGES_T: Final = 13
STREAMS_T: Final = 14
NETWORKS_T: Final = 15
GATES_T: Final = 16
GATE_BITS_T: Final = 17
LEVELS_T: Final = 18
NOTES_T: Final = 19  # of the calendar: key, event, next of the day
FIFO_T: Final = 20
STACK_T: Final = 21  # (what, a, b, c), four columns
OPEN_T: Final = 22  # (start, end) of an operation's latest span
SPANS_T: Final = 23  # (operation, start, end)
SERVICES_T: Final = 24  # (stage, start, end)
TOLD_T: Final = 25
DAYS_T: Final = 26  # first and last note of a day
TABLES: Final = 27
