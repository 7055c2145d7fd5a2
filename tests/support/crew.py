"""A crew of one that works in this process, for sweeps whose workers need not be processes."""

from concurrent.futures import BrokenExecutor, Executor, Future


class AtOnce(Executor):
    """Does each run as it is handed in, in this process; breaks at the calls that its crew's `breaks` names."""

    def __init__(self, crew):
        self.crew = crew

    def submit(self, work, order):
        self.crew.orders.append(order.strategy)
        if len(self.crew.orders) in self.crew.breaks:
            raise BrokenExecutor("a worker died")
        future = Future()
        try:
            future.set_result(work(order))
        except Exception as error:
            future.set_exception(error)
        return future


class Crew:
    """A crew of one, in this process."""

    def __init__(self, shared=True, breaks=()):
        self.shared, self.breaks, self.orders, self.started, self.dismissed = shared, breaks, [], 0, False

    def start(self):
        self.started += 1
        return AtOnce(self)

    def slots(self):
        return 1

    def dismiss(self):
        self.dismissed = True
