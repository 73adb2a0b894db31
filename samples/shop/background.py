"""The engine that all task modules of the shop share.  REDIS_URL and SIGNALBOX_* say where its Redis is."""

from queue_core import Engine

engine = Engine()
