"""A DRAM channel stepped clock by clock, every rule checked against the history of all commands.

``spec`` is read for its numbers alone; ``rules`` are (previous, following, scope, gap in clocks, nth). A rule says:
`following` must stand at least `gap` clocks after the nth most recent `previous` in the same scope. One command is
issued in a clock; with two command buses one on each, the second decided on like the first, after it.
"""

from dataclasses import dataclass


@dataclass
class Request:
    bank: int
    group: int
    row: int
    is_write: bool
    index: int
    opened: bool = False


class Clockwork:
    """The controller's world: history, open rows, time."""

    def __init__(self, spec, rules):
        self.spec, self.rules = spec, rules
        self.history = []  # (clock, command, bank, group), oldest first
        self.log = []
        self.open = {}  # bank -> row
        self.clock = 0
        self.two_buses = spec.kind == "hbm2"
        self.busy = set()  # buses in use in this clock
        self.issued = False  # in the last look at this clock
        self.by_bank = getattr(spec.controller, "bank_refresh", False)
        self.banks = spec.organisation.bank_groups * spec.organisation.banks_per_group
        self.interval = spec.timing.nREFI // self.banks if self.by_bank else spec.timing.nREFI
        self.due = self.interval if spec.controller.refresh else None
        self.refreshed = 0  # the bank that is refreshed next, if banks are

    def tick(self):
        """Go to the next clock, or look again at this one where a bus may be free."""
        if not self.two_buses or not self.issued:
            self.clock += 1
            self.busy = set()
        self.issued = False

    def bus(self, command):
        return "column" if self.two_buses and command in ("RD", "WR") else "row"

    def may(self, command, bank=None, group=None):
        """May this command be issued in this clock?"""
        if self.bus(command) in self.busy:
            return False
        for previous, following, scope, gap, nth in self.rules:
            if following != command:
                continue
            seen = 0
            for then, earlier, its_bank, its_group in reversed(self.history):
                if self.clock - then >= gap:
                    break  # older ones are further away still
                same = {"bank": its_bank == bank, "bank_group": its_group == group}.get(scope, True)
                if earlier == previous and same:
                    seen += 1
                    if seen == nth:
                        return False
        return True

    def issue(self, command, request=None):
        bank, group, row = (request.bank, request.group, request.row) if request else (None, None, -1)
        self.busy.add(self.bus(command))
        self.issued = True
        self.history.append((self.clock, command, bank, group))
        self.log.append((self.clock, command, bank or 0, row))
        if command == "ACT":
            self.open[bank] = row
        elif command == "PRE":
            del self.open[bank]
        elif command == "PREA":
            self.open.clear()
        elif command == "REF":
            self.due += self.interval
        elif command == "REFB":
            self.due += self.interval
            self.refreshed = (bank + 1) % self.banks

    def is_refresh_due(self):
        return self.due is not None and self.clock >= self.due

    def refresh(self):
        """Go one command towards a refresh, if that may be issued in this clock."""
        command = "PREA" if self.open else "REF"
        if self.may(command):
            self.issue(command)

    def refresh_bank(self, opened):
        """Go one command towards the refresh of a bank, if that may be issued now; tell whether it was."""
        bank = self.refreshed
        if not self.by_bank or not self.is_refresh_due() or any(request.bank == bank for request in opened):
            return False
        place = Request(bank, bank // self.spec.organisation.banks_per_group, -1, False, -1)
        command = "PRE" if bank in self.open else "REFB"
        if not self.may(command, place.bank, place.group):
            return False
        self.issue(command, place)
        return True

    def waits(self, request):
        """Does a request's bank wait for its refresh?"""
        return self.by_bank and self.is_refresh_due() and request.bank == self.refreshed and not request.opened

    def needs(self, request):
        """The command that a request needs next."""
        row = self.open.get(request.bank)
        if row is None:
            return "ACT"
        if row != request.row:
            return "PRE"
        return "WR" if request.is_write else "RD"

    def data_end(self, command):
        timing = self.spec.timing
        return self.clock + (timing.nCL if command == "RD" else timing.nCWL) + timing.nBL


def split(spec, address):
    """Row, bank and bank group of an address: peel the mapping's parts off, least significant first."""
    counts = {
        "column": spec.organisation.row_bytes // spec.burst_bytes,
        "bank_group": spec.organisation.bank_groups,
        "bank": spec.organisation.banks_per_group,
        "row": spec.organisation.rows,
    }
    left = address // spec.burst_bytes
    place = {}
    for part in reversed(spec.controller.mapping.split(":")):
        place[part] = left % counts[part]
        left //= counts[part]
    return place


def simulate(spec, rules, addresses, writes, arrivals):
    """Clock of the last data beat of each request, and the log of (clock, command, bank, row)."""
    world = Clockwork(spec, rules)
    return serve(world, addresses, writes, arrivals), world.log


def simulate_transfers(spec, rules, transfers):
    """Clock of the last data beat of each (address, row_bytes, rows, pitch_bytes, is_write, arrival), one by one."""
    world = Clockwork(spec, rules)
    ends = []
    for address, row_bytes, rows, pitch_bytes, is_write, arrival in transfers:
        addresses = []
        for row in range(rows):
            start = address + row * pitch_bytes
            bursts = range(start // spec.burst_bytes, (start + row_bytes - 1) // spec.burst_bytes + 1)
            addresses += [burst * spec.burst_bytes for burst in bursts]
        n = len(addresses)
        ends.append(max(serve(world, addresses, [is_write] * n, [arrival] * n)))
    return ends, world.log


def serve(world, addresses, writes, arrivals):
    """Serve requests in a world that may have a history."""
    spec = world.spec
    coming = []
    for index, address in enumerate(addresses):
        place = split(spec, address)
        bank = place["bank_group"] * spec.organisation.banks_per_group + place["bank"]
        coming.append(Request(bank, place["bank_group"], place["row"], bool(writes[index]), index))
    finish = [0] * len(coming)
    policy = in_order if spec.controller.scheduler == "in_order" else fr_fcfs
    policy(world, coming, arrivals, finish)
    return finish


def in_order(world, coming, arrivals, finish):
    look_ahead = world.spec.controller.look_ahead
    pending = []
    while coming or pending:
        world.tick()
        while coming and arrivals[coming[0].index] < world.clock:
            slots_used = sum(not request.opened for request in pending)
            if (pending and slots_used >= look_ahead) or (pending and look_ahead == 0):
                break
            pending.append(coming.pop(0))
        if world.refresh_bank([request for request in pending if request.opened]):
            continue
        going_on = [request for request in pending if not world.waits(request)]
        if not world.by_bank and world.is_refresh_due():
            while going_on and not going_on[-1].opened:
                going_on.pop()  # nothing goes on but what an opened request is waiting for
            if not going_on:
                world.refresh()
        banks_of_older = set()
        for request in going_on:
            if request.bank in banks_of_older:
                continue
            banks_of_older.add(request.bank)
            command = world.needs(request)
            if command in ("RD", "WR") and request is not pending[0]:
                continue
            if world.may(command, request.bank, request.group):
                world.issue(command, request)
                request.opened = request.opened or command == "ACT"
                if command in ("RD", "WR"):
                    finish[request.index] = world.data_end(command)
                    pending.remove(request)
                break


def fr_fcfs(world, coming, arrivals, finish):
    controller = world.spec.controller
    slots = controller.look_ahead
    size = max(slots, 1)
    opened, reads, writes = [], [], []
    draining = False
    while coming or opened or reads or writes:
        world.tick()
        while coming and arrivals[coming[0].index] < world.clock:
            queue = writes if coming[0].is_write else reads
            if (opened or reads or writes) and len(queue) >= slots:
                break
            queue.append(coming.pop(0))
        if world.refresh_bank(opened):
            continue
        if serve_first_ready(world, opened, opened, finish):
            continue
        if not world.by_bank and world.is_refresh_due():
            if not opened:
                world.refresh()
            continue
        if not reads and not writes:
            continue  # nothing to decide
        if not reads or not writes:
            draining = bool(writes)
        elif draining:
            draining = len(writes) >= controller.write_low_frac * size
        else:
            draining = len(writes) > controller.write_high_frac * size or len(writes) == size
        serve_first_ready(world, writes if draining else reads, opened, finish)


def serve_first_ready(world, queue, opened, finish):
    """Issue the command of the oldest request whose command may be issued now; False if there is none."""
    for request in queue:
        command = world.needs(request)
        if world.waits(request):
            continue
        if command == "PRE" and any(request.bank == other.bank for other in opened):
            continue  # the row is waited for
        if world.may(command, request.bank, request.group):
            world.issue(command, request)
            if command != "PRE":
                queue.remove(request)
            if command == "ACT":
                request.opened = True
                opened.append(request)
                opened.sort(key=lambda one: one.index)
            elif command != "PRE":
                finish[request.index] = world.data_end(command)
            return True
    return False
