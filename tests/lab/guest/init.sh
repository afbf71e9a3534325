#!/bin/sh
# First program of the lab guest: lays a writable layer over the machine's files and goes there.
# If it ends or fails, the kernel panics and the guest is over.

set -e
export PATH=/bin
mount -t devtmpfs dev /dev
exec </dev/console >/dev/console 2>&1
mount -t proc proc /proc
mount -t sysfs sys /sys
while read -r module; do
    insmod "/modules/$module"
done </modules/list

mkdir /machine /layer /new
mount -t virtiofs -o ro machine /machine
mount -t tmpfs -o size=75% layer /layer
mkdir /layer/upper /layer/work
mount -t overlay -o lowerdir=/machine,upperdir=/layer/upper,workdir=/layer/work root /new
for name in dev proc sys; do
    mkdir -p "/new/$name"
    mount -o move "/$name" "/new/$name"
done
exec switch_root /new /guest/start
