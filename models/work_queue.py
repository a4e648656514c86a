"""A controller's work queue, with retries after a backoff (client-go, `util/workqueue`).

A worker takes a key and works on it. If it is done, it says so; if it failed, the key is to be tried
again later. A worker that dies says nothing, and nothing is lost: the queue has the key in progress
until somebody says that it is done. Principle: hold on to the work until it is finished, and retry.
"""

from checker import Int, Model, Param, action, always, converges, fault, intent, when


class WorkQueue(Model):
    """Forgets a key when it is done, and not before."""

    items = Param(4, min=1)
    workers = Param(2, min=1)

    added = Int(0, items, init=0)
    queued = Int(0, items, init=0)
    working = Int(0, workers, init=0)
    waiting = Int(0, items, init=0)  # for the end of their backoff
    done = Int(0, items, init=0)

    @intent
    def add(self):
        when(self.added < self.items)
        self.added += 1
        self.queued += 1

    @action(agent="workers")
    def take(self):
        when(self.queued > 0 and self.working < self.workers)
        self.queued -= 1
        self.working += 1

    @action(agent="workers")
    def finish(self):
        when(self.working > 0)
        self.working -= 1
        self.done += 1

    @fault(agent="workers")
    def work_fails(self):
        when(self.working > 0)
        self.working -= 1
        self.waiting += 1

    @fault(agent="workers")
    def worker_dies(self):
        when(self.working > 0)
        self.working -= 1
        self.give_back()

    def give_back(self):
        self.queued += 1

    @action(agent="queue")
    def try_again(self):
        when(self.waiting > 0)
        self.waiting -= 1
        self.queued += 1

    @always
    def nothing_is_lost(self):
        return self.queued + self.working + self.waiting + self.done == self.added

    @converges(setpoint="added", output="done")
    def all_done(self):
        return self.done == self.added


class ForgottenWhenTaken(WorkQueue):
    """The queue has forgotten a key once it is taken: who dies takes it with them."""

    violates = ("nothing_is_lost", "all_done")

    def give_back(self):
        pass
