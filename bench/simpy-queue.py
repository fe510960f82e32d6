"""The queue of `virtual.ts` as a plain SimPy model: workers with slots, taken in turn, and requests that come by chance.

No gateway, no clients, no records: what is left is what a simulation of a queue costs in SimPy.
Usage: simpy-queue.py WORKERS SLOTS MEAN_MS RATE_RPS SECONDS SEED; prints one line of JSON.
"""

import json
import random
import resource
import sys
import time

import simpy


def main() -> None:
    workers, slots = int(sys.argv[1]), int(sys.argv[2])
    mean_ms, rate_rps, seconds = (float(argument) for argument in sys.argv[3:6])
    random.seed(int(sys.argv[6]))
    env = simpy.Environment()
    fleet = [simpy.Resource(env, capacity=slots) for _ in range(workers)]
    served = 0

    def request(worker: simpy.Resource):
        nonlocal served
        with worker.request() as slot:
            yield slot
            yield env.timeout(random.expovariate(1 / mean_ms))
        served += 1

    def arrivals():
        turn = 0
        while True:
            yield env.timeout(random.expovariate(rate_rps / 1000))
            if env.now >= seconds * 1000:
                return
            env.process(request(fleet[turn % workers]))
            turn += 1

    began, cpu = time.perf_counter(), time.process_time()
    env.process(arrivals())
    env.run()
    print(
        json.dumps(
            {
                "requests": served,
                "wallS": time.perf_counter() - began,
                "cpuS": time.process_time() - cpu,
                "rssBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            }
        )
    )


main()
