"""A worker that fails in the ways that workers fail, for the tests of the parent's end."""

import os
import signal
import sys
import time
from multiprocessing.connection import Connection

from isograd.errors import UsageError
from isograd.measure.worker import serve


class Faulty:
    def echo(self, value):
        return value

    def crash(self):
        os.kill(os.getpid(), signal.SIGSEGV)

    def be_killed(self):
        os.kill(os.getpid(), signal.SIGKILL)

    def leave(self):
        os._exit(3)

    def hang(self):
        time.sleep(60)

    def exhaust_memory(self):
        raise MemoryError

    def misuse(self):
        raise UsageError("No such device.", hint="Use --device cpu.")

    def stumble(self):
        return 1 / 0


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])), Faulty())
