# The watcher of one test process. Its standard input is a pipe that only the
# test process can write to, so it ends when that process does. Its argument is
# the NAME=value that all commands of that process have in their environment.
#
#   +g NUMBER       take charge of a process group
#   -g NUMBER       release it
#   +d KEY PATH     take charge of a directory; PATH has its backslashes and
#                   newlines escaped for printf %b
#   -d KEY          release it
#
# A line cut short by the end of the process has no newline: read fails on it,
# and nothing is done with half a path.

trap '' HUP INT QUIT TERM PIPE TSTP TTIN TTOU
groups=' '
keys=' '

while IFS= read -r line; do
	number=${line#?? }
	number=${number%% *}
	case $line in
	'+g '*) groups="$groups$number " ;;
	'+d '*)
		keys="$keys$number "
		eval "path_$number=\${line#+d * }"
		;;
	'-g '*)
		case $groups in
		*" $number "*) groups="${groups%%" $number "*} ${groups#*" $number "}" ;;
		esac
		;;
	'-d '*)
		case $keys in
		*" $number "*) keys="${keys%%" $number "*} ${keys#*" $number "}" ;;
		esac
		unset "path_$number"
		;;
	esac
done

for group in $groups; do
	kill -s KILL -- "-$group"
done
# Again until none is left, for those that were just being started. There is no
# /proc on macOS; then nothing is found. grep may fail for what is not ours.
for attempt in 1 2 3 4 5; do
	found=$(grep -lsF -- "$1" /proc/[0-9]*/environ)
	[ -n "$found" ] || break
	for file in $found; do
		process=${file#/proc/}
		kill -s KILL "${process%/environ}"
	done
done
for key in $keys; do
	eval "escaped=\$path_$key"
	# The x keeps newlines at the end of the name from being dropped.
	path=$(printf '%bx' "$escaped")
	path=${path%x}
	# A killed process may be making its last file: try again then. A test may
	# have extracted directories without write permission.
	for attempt in 1 2 3 4 5; do
		rm -rf -- "$path" && break
		chmod -R u+rwX -- "$path"
		sleep 0.1
	done
done
