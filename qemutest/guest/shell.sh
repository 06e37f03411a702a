# The guest's side of the shell driver; see shell.go. It runs in any POSIX shell
# with cat, dd, mkfifo and rm, with cksum or md5sum, and with base64 or od.
#   $1  directory for fifos and parts of the output
d=$1
cd "$d" || exit 1
set -f
LC_ALL=C

# Without base64, od and printf carry octets as numbers.
if [ "$(printf abc | base64 2>/dev/null)" = YWJj ] && [ "$(echo YWJj | base64 -d 2>/dev/null)" = abc ]; then
	form=base64
	enc() { base64; }
	dec() { base64 -d; }
else
	form=octal
	enc() { od -An -v -to1; }
	dec() { while read -r l; do printf %b "$l"; done; }
fi
if echo | cksum >/dev/null 2>&1; then sum=cksum; else sum=md5sum; fi
check() { $sum | { read -r s t && echo "$s"; }; }

# A read of a terminal in canonical mode returns one line. Of other input, only
# the shell takes no more than a line.
if [ -t 0 ] && stty icanon 2>/dev/null && [ "$(uname -s)" = Linux ]; then
	input=lines
	take() { dd bs=4096 count="$1" 2>/dev/null; }
else
	input=read
	take() { k=$1; while [ "$k" -gt 0 ] && IFS= read -r l; do printf '%s\n' "$l"; k=$((k-1)); done; }
fi

if command -v setsid >/dev/null 2>&1; then group=setsid; else group=; fi

# emit KIND NUMBER FILE sends a frame. One at a time has the console.
emit() {
	s=$(check <"$3")
	read -r t <&4
	printf '\n@Q%s %s %s\n' "$1" "$2" "$s"
	enc <"$3"
	printf '@Z%s %s\n' "$1" "$2"
	echo >&4
}

# deliver KIND NUMBER FILE emits until the host has it. Asked for a smaller
# part, it goes on in parts of that size. What differs has another number.
deliver() {
	p=
	j=0
	while :; do
		if [ -n "$p" ]; then
			dd if="$3" of="$1.p" bs="$p" count=1 2>/dev/null
			emit "$1" "$2.$j" "$1.p"
		else
			emit "$1" "$2.$j" "$3"
		fi
		while :; do
			read -r w n q <&5 || return 1
			case $n in "$2.$j" | any) break ;; esac
		done
		case $w in
		again)
			[ -n "$q" ] || continue
			p=$q
			j=$((j+1))
			;;
		ok)
			[ -n "$p" ] || return 0
			dd if="$3" of="$1.r" bs="$p" skip=1 2>/dev/null
			cat "$1.r" >"$3"
			[ -s "$3" ] || return 0
			j=$((j+1))
			;;
		esac
	done
}

# pump KIND REQUEST sends what comes on the standard input, and its end.
pump() {
	i=0
	while dd bs=12288 count=1 of="$1.c" 2>/dev/null; [ -s "$1.c" ]; do
		deliver "$1" "$2.$i" "$1.c" || return
		i=$((i+1))
	done
	deliver "$1" "$2.$i" "$1.c"
}

# feed REQUEST passes parts of the standard input on, and says when it wants
# the next. A command that reads no more ends it.
feed() {
	exec 7>in
	: >i.e
	while read -r n <&6 && [ "$n" != end ]; do
		cat "i.$n" >&7 2>/dev/null || break
		rm -f "i.$n"
		deliver i "$n" i.e
	done
	exec 7>&-
	echo closed >i.e
	while read -r n <&6; do deliver i "$n" i.e; done
}

# perform REQUEST END runs the script of a request, and delivers its exit
# status. END in both outputs is where they ended, whoever still writes there.
# Who writes without pause may keep it out: nobody waits until it is in.
perform() {
	exec 3>out 7>err
	$group sh ./script <in >&3 2>&7 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
	c=$!
	echo $c >pid
	{ wait $c; } 2>/dev/null
	s=$?
	printf %s "$2" >&3 &
	printf %s "$2" >&7 &
	exec 3>&- 7>&-
	g=
	[ $s -gt 128 ] && g=$(kill -l $((s-128)) 2>/dev/null)
	echo "$s $g" >x.c
	deliver x "$1" x.c
}

begin() {
	rm -f in out err pid ack.o ack.e ack.i ack.x feed
	mkfifo in out err ack.o ack.e ack.i ack.x feed
	(exec 5<>ack.o; pump o "$1" <out) & po=$!
	(exec 5<>ack.e; pump e "$1" <err) & pe=$!
	(exec 5<>ack.i 6<>feed; feed "$1") & pi=$!
	(exec 5<>ack.x; perform "$1" "$2") & px=$!
	exec 5<>ack.o 6<>ack.e 7<>ack.x 8<>ack.i 9<>feed
}

finish() {
	[ -n "$po" ] || return
	kill -9 $po $pe $pi $px 2>/dev/null
	wait $po $pe $pi $px 2>/dev/null
	po=
	unlocked
}

# unlocked lets the next emit begin, whatever became of the one before.
unlocked() {
	rm -f lock
	mkfifo lock
	exec 4<>lock
	echo >&4
}

stop() {
	read -r c <pid 2>/dev/null || return
	if [ -n "$group" ]; then kill -9 "-$c"; else kill -9 "$c"; fi 2>/dev/null
}

say() { echo "$3" >b.c; emit "$1" "$2" b.c; }

unlocked
po=
last=
u=0
[ -r /proc/uptime ] && read -r u t </proc/uptime
b=-
[ -r /proc/sys/kernel/random/boot_id ] && read -r b </proc/sys/kernel/random/boot_id
hello() { say h 0 "$form $input $sum ${group:-single} $(uname -m) $(uname -r) $u $b"; }
hello
while IFS= read -r l; do
	set -- $l
	case $1 in
	hello) hello ;;
	block)	# NAME LINES CHECKSUM, and the lines
		take "$3" | dec >"$2"
		if [ "$(check <"$2")" != "$4" ]; then say b "$2" bad; else say b "$2" ok; fi
		;;
	begin)	# REQUEST END
		if [ "$2" != "$last" ]; then last=$2; finish; begin "$2" "$3"; fi
		;;
	feed) echo "$2" >&9 ;;
	o) echo "$2 $3 $4" >&5 ;;
	e) echo "$2 $3 $4" >&6 ;;
	x) echo "$2 $3 $4" >&7 ;;
	i) echo "$2 $3 $4" >&8 ;;
	stop) stop ;;
	finish) finish; say f "$2" ok ;;
	quit) finish; break ;;
	esac
done
cd /
rm -rf "$d"
