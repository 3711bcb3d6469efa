#!/bin/sh
# systemctl for a machine that is a directory: enough of it for our units. Conditions, start, stop and
# Restart= are real; masks and enablings are written down. Configured by SALLYPORT_ROOT and
# _LISTEN_HOST. A shell's script, because every boot runs it seven times.
set -u
root=$SALLYPORT_ROOT

# value UNIT KEY
value() { sed -n "s/^$2=//p" "$root/etc/systemd/system/$1"; }

start() {
  condition=$(value "$1" ConditionPathExists)
  case $condition in
    '!'*) [ ! -e "$root${condition#!}" ] || return 0 ;;
    ?*) [ -e "$root$condition" ] || return 0 ;;
  esac
  # A session of its own: who ends the supervisor ends what it supervises. $() waits until it has
  # noted itself and let go of this pipe.
  : "$(setsid --fork /bin/sh "$0" supervise "$1")"
}

# As a unit that does not end by itself: by SIGKILL.
stop() {
  while read -r pid name; do
    [ "$name" != "$1" ] || kill -KILL "-$pid" 2>/dev/null
  done <"$root/pids"
}

supervise() {
  echo "$$ $1" >>"$root/pids"
  exec </dev/null >>"$root/console.log" 2>&1
  restart=$(value "$1" Restart)
  words=$(value "$1" ExecStart)
  set -- "$1"
  for word in $words; do
    case $word in
      /*) word=$root$word ;;
      # A machine of its own may listen everywhere; this one has one address of the loopback.
      :[0-9]*) word=$SALLYPORT_LISTEN_HOST$word ;;
    esac
    set -- "$@" "$word"
  done
  unit=$1
  shift
  while :; do
    echo "$unit" >>"$root/starts"
    "$@"
    case $restart:$? in
      always:* | on-failure:[1-9]*) sleep 0.1 ;; # RestartSec, shorter.
      *) return ;;
    esac
  done
}

verb=$1
[ "$verb" = supervise ] || echo "$*" >>"$root/systemctl.log"
shift
for unit; do
  case $verb:$unit in
    *:--*) ;;
    supervise:*) supervise "$unit" ;;
    start:*) start "$unit" ;;
    restart:*)
      stop "$unit"
      start "$unit"
      ;;
  esac
done
[ "$verb" != poweroff ] || : >"$root/poweroff"
