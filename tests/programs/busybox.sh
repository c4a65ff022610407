# SPDX-License-Identifier: Apache-2.0
# What busybox's shell and the host's must answer alike.
echo "substituted $(echo one | tr a-z A-Z)"
seq 1 5 | awk '{ s += $1 } END { print s }'
for i in 3 1 2; do echo $i; done | sort | while read -r line; do echo "line $line"; done
(exit 7); echo "status $?"
sleep 1 & wait $!; echo "waited $?"
trap 'echo trapped' USR1; kill -USR1 $$; echo after
printf 'b\na\n' >list; sort list | sed 's/a/x/'; rm list
false || echo 'false is false'
echo $((6 * 7)) | grep -c 42
{ echo to errors >&2; } 2>&1
f() { local a=$1; echo "function $a"; }; f called
echo compressed | gzip | gunzip

