# SPDX-License-Identifier: Apache-2.0
"""Is a trace JSON whose calls nest and whose times go up on each thread, with an event of this name? Usage: nested.py FILE NAME"""
import json
import sys

events = json.load(open(sys.argv[1]))["traceEvents"]
depth, last = {}, {}
for event in events:
    thread = event["tid"]
    depth[thread] = depth.get(thread, 0) + (1 if event["ph"] == "B" else -1)
    if depth[thread] < 0 or event["ts"] < last.get(thread, 0):
        sys.exit("an end without a beginning, or time goes backward: %s" % event)
    last[thread] = event["ts"]
if any(depth.values()):
    sys.exit("calls are left open: %s" % depth)
if not any(event.get("name") == sys.argv[2] for event in events):
    sys.exit("no event %s" % sys.argv[2])
