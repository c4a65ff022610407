# SPDX-License-Identifier: Apache-2.0
"""Is a trace JSON whose calls nest and whose times go up on each thread, with an event of each of these names? A name may be NAME@GROUP:
in a row of that group. Usage: nested.py FILE NAME..."""
import json
import sys

events = json.load(open(sys.argv[1], encoding="utf-8"))["traceEvents"]
groups = {event["pid"]: event["args"]["name"] for event in events if event["ph"] == "M"}
depth, last, seen = {}, {}, set()
for event in events:
    if event["ph"] == "M":
        continue
    row = event["pid"], event["tid"]
    depth[row] = depth.get(row, 0) + (1 if event["ph"] == "B" else -1)
    if depth[row] < 0 or event["ts"] < last.get(event["tid"], 0):
        sys.exit("an end without a beginning, or time goes backward: %s" % event)
    last[event["tid"]] = event["ts"]
    seen |= {event.get("name"), "%s@%s" % (event.get("name"), groups.get(event["pid"]))}
if any(depth.values()):
    sys.exit("calls are left open: %s" % depth)
for name in sys.argv[2:]:
    if name not in seen:
        sys.exit("no event %s" % name)
