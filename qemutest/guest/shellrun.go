package guest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

const (
	// partSize is how much of the standard input goes in one piece, in bytes:
	// with the window of a terminal in mind, 64 KiB before Linux loses input.
	partSize = 12 << 10

	// longLine and shortLine are the lengths of typed lines, in bytes. Linux
	// takes 4095 in canonical mode, POSIX promises 255.
	longLine, shortLine = 3600, 240

	// pokeTime is how long a shell is silent before it is asked to repeat what
	// may be lost, and maxPokeTime the same after many times. What was typed is
	// typed again after retypeTime: terminals do not lose it, slow guests take
	// their time.
	// A command that is silent for long answers all pokes when it prints
	// something, hence maxPokes: as many frames in a row are not lost.
	pokeTime    = time.Second
	maxPokes    = 8
	retypeTime  = 16 * time.Second
	maxPokeTime = time.Minute

	// maxLate is how much of an output can come at most, in bytes, that was
	// written before the script has ended: what pipes of Linux hold, what is
	// being sent, and as much again.
	maxLate = 160 << 10
)

// shellRun is a script that runs.
type shellRun struct {
	s   *shell
	ctx context.Context
	id  string
	e   exchange

	script  string
	block   *block // being sent
	begun   bool
	stopped bool // to be killed, because of the time limit
	exited  bool
	end     string // what is in both outputs when the script has ended
	result  Result

	input   chan part     // from e.in
	next    chan struct{} // asks for a part
	parts   int
	outputs map[string]*output
	acked   map[string]string // number of the last frame of a kind that was taken
	pokes   map[string]int    // how often a kind was asked for since its last frame
	parting map[string]int    // size of the parts that a kind was asked for
	void    map[string]string // number of the frame that parts were asked for instead of
	written chan taken
}

// block is something typed that the guest confirms.
type block struct {
	name, text string
	confirmed  func() error
}

// part is a piece of the standard input, or its end.
type part struct {
	content []byte
	err     error
}

// output is one of the two outputs of a command.
type output struct {
	content chan []byte // for the writer
	number  string      // of the frame that is being written; "" for none
	held    []byte      // may be the beginning of the end
	late    int         // bytes that came since the script has ended
	ended   bool
}

// split returns what of content comes before the end, which may be in several
// parts, and what comes after it.
func (o *output) split(end string, content []byte) (before, after []byte) {
	content = append(o.held, content...)
	o.held = nil
	if before, after, found := bytes.Cut(content, []byte(end)); found {
		o.ended = true
		return before, after
	}
	n := min(len(end)-1, len(content))
	for !bytes.HasSuffix(content, []byte(end[:n])) {
		n--
	}
	o.held = bytes.Clone(content[len(content)-n:])
	return content[:len(content)-n], nil
}

// taken says that a writer has taken the content of a frame.
type taken struct {
	kind string
	err  error
}

func (s *shell) execute(ctx context.Context, script string, limit time.Duration, e exchange) (Result, error) {
	if err := s.take(ctx); err != nil {
		return Result{}, err
	}
	if err := s.connect(ctx); err != nil {
		s.release()
		return Result{}, err
	}
	s.requests++
	r := &shellRun{
		s: s, ctx: ctx, id: strconv.Itoa(s.requests), e: e, script: script,
		end:     "@end-" + rand.Text(),
		input:   make(chan part),
		next:    make(chan struct{}, 1),
		outputs: make(map[string]*output),
		acked:   make(map[string]string),
		pokes:   make(map[string]int),
		parting: make(map[string]int),
		void:    make(map[string]string),
		written: make(chan taken, 2),
	}
	defer r.closeWriters()
	err := r.run(limit)
	if err == nil {
		err = r.finish(ctx)
		if err == nil {
			s.release()
			return r.result, nil
		}
	}
	// The caller does not wait for the guest, which may be stuck.
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), cancelTime)
		defer cancel()
		if s.command(ctx, "stop") != nil || r.finish(ctx) != nil {
			s.connected = false
		}
		s.release()
	}()
	return Result{}, err
}

// run runs the script to its end.
func (r *shellRun) run(limit time.Duration) error {
	r.startWriter("o", r.e.out)
	r.startWriter("e", r.e.err)
	if r.e.in != nil {
		go r.readInput()
	}
	if err := r.send("script", []byte(r.script), r.begin); err != nil {
		return err
	}
	var limited <-chan time.Time
	if limit > 0 {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		limited = timer.C
	}
	silence := pokeTime
	poke := time.NewTimer(silence)
	defer poke.Stop()
	for !r.done() {
		input := r.input
		if r.block != nil {
			input = nil // one at a time
		}
		var err error
		select {
		case f := <-r.s.frames:
			silence = pokeTime
			poke.Reset(silence)
			err = r.take(f)
		case w := <-r.written:
			err = r.goOn(w)
		case p := <-input:
			err = r.feed(p)
		case <-limited:
			r.stopped = true
			err = r.s.command(r.ctx, "stop")
		case <-poke.C:
			silence = min(2*silence, maxPokeTime)
			poke.Reset(silence)
			err = r.poke(silence > retypeTime)
		case <-r.ctx.Done():
			err = context.Cause(r.ctx)
		case <-r.s.closed:
			err = r.s.err
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// done reports whether nothing more is to come.
func (r *shellRun) done() bool {
	o, e := r.outputs["o"], r.outputs["e"]
	return r.exited && o.ended && e.ended && o.number == "" && e.number == ""
}

// begin starts the script that was sent.
func (r *shellRun) begin() error {
	r.begun = true
	if err := r.s.command(r.ctx, "begin", r.id, r.end); err != nil {
		return err
	}
	if r.e.in == nil {
		return r.s.command(r.ctx, "feed", "end")
	}
	r.next <- struct{}{}
	return nil
}

// send types a block. The guest checks it, and it is typed again if need be.
func (r *shellRun) send(name string, content []byte, confirmed func() error) error {
	width := shortLine
	if r.s.longLines {
		width = longLine
	}
	text := base64.StdEncoding.EncodeToString(content)
	if r.s.octal {
		var octets strings.Builder
		for _, c := range content {
			fmt.Fprintf(&octets, `\0%03o`, c)
		}
		text = octets.String()
	}
	width -= width % 20 // whole groups of base64 and of octets
	var lines strings.Builder
	count := 0
	for ; len(text) > 0; count++ {
		n := min(width, len(text))
		lines.WriteString(text[:n] + "\n")
		text = text[n:]
	}
	head := fmt.Sprintf("block %s %d %s\n", name, count, shellSum(r.s.sumLike, content))
	r.block = &block{name: name, text: head + lines.String(), confirmed: confirmed}
	return r.s.typeText(r.ctx, r.block.text)
}

// readInput reads a part of the standard input each time one is asked for.
func (r *shellRun) readInput() {
	buf := make([]byte, partSize)
	for range r.next {
		n, err := r.e.in.Read(buf)
		for n == 0 && err == nil {
			n, err = r.e.in.Read(buf)
		}
		p := part{content: append([]byte(nil), buf[:n]...), err: err}
		if n > 0 {
			p.err = nil // it comes again
		}
		select {
		case r.input <- p:
		case <-r.ctx.Done():
			return
		}
	}
}

// feed passes a part of the standard input on.
func (r *shellRun) feed(p part) error {
	switch {
	case p.err == io.EOF:
		return r.s.command(r.ctx, "feed", "end")
	case p.err != nil:
		return p.err
	}
	number := fmt.Sprintf("%s.%d", r.id, r.parts)
	r.parts++
	return r.send("i."+number, p.content, func() error { return r.s.command(r.ctx, "feed", number) })
}

// startWriter starts the goroutine that writes an output.
func (r *shellRun) startWriter(kind string, w io.Writer) {
	o := &output{content: make(chan []byte, 1)}
	r.outputs[kind] = o
	if w == nil {
		w = io.Discard
	}
	go func() {
		for content := range o.content {
			var err error
			if len(content) > 0 {
				_, err = w.Write(content)
			}
			r.written <- taken{kind, err}
		}
	}()
}

func (r *shellRun) closeWriters() {
	close(r.outputs["o"].content)
	close(r.outputs["e"].content)
	close(r.next)
}

// take handles a frame.
func (r *shellRun) take(f shellFrame) error {
	if f.kind == "b" {
		return r.confirm(f)
	}
	if !strings.HasPrefix(f.number, r.id+".") {
		return nil // of an earlier request
	}
	r.pokes[f.kind] = 0
	if r.void[f.kind] == f.number {
		return nil // its parts are on their way: both would be too much
	}
	if f.damaged {
		return r.again(f)
	}
	if size := 2 * r.parting[f.kind]; size > 0 {
		r.parting[f.kind] = min(size, partSize)
	}
	if r.acked[f.kind] == f.number {
		return r.s.command(r.ctx, f.kind, "ok", f.number) // the acknowledgement was late
	}
	switch f.kind {
	case "o", "e":
		o := r.outputs[f.kind]
		if o.number == f.number {
			return nil // being written
		}
		if o.ended {
			return nil // of what the script has left behind
		}
		if len(f.content) > 0 {
			o.number = f.number
			if r.exited {
				o.late += len(f.content)
				o.ended = o.late > maxLate
			}
			before, _ := o.split(r.end, f.content)
			o.content <- before
			return nil
		}
		o.ended = true
	case "x":
		r.exited = true
		r.result = endOf(string(f.content), r.stopped)
	case "i":
		if len(f.content) == 0 && r.e.in != nil {
			r.next <- struct{}{}
		}
	default:
		return nil
	}
	return r.acknowledge(f.kind, f.number)
}

func (r *shellRun) acknowledge(kind, number string) error {
	r.acked[kind] = number
	return r.s.command(r.ctx, kind, "ok", number)
}

// goOn goes on when a writer has taken what it was given.
func (r *shellRun) goOn(w taken) error {
	if w.err != nil {
		return w.err
	}
	o := r.outputs[w.kind]
	number := o.number
	o.number = ""
	return r.acknowledge(w.kind, number)
}

// confirm handles what the guest says of a block.
func (r *shellRun) confirm(f shellFrame) error {
	b := r.block
	if b == nil || b.name != f.number {
		return nil
	}
	if f.damaged || strings.TrimSpace(string(f.content)) != "ok" {
		return r.s.typeText(r.ctx, b.text)
	}
	r.block = nil
	return b.confirmed()
}

// again asks for a frame that was damaged, in smaller parts each time: the
// smaller one is, the rarer somebody writes in the midst of it.
func (r *shellRun) again(f shellFrame) error {
	size := partSize
	if last := r.parting[f.kind]; last > 0 {
		size = last
	}
	size = max(size/4, 45)
	r.parting[f.kind], r.void[f.kind] = size, f.number
	return r.s.command(r.ctx, f.kind, "again", f.number, strconv.Itoa(size))
}

// poke has the guest repeat what may be lost.
func (r *shellRun) poke(retype bool) error {
	if r.block != nil && retype {
		return r.s.typeText(r.ctx, r.block.text)
	}
	if r.stopped {
		if err := r.s.command(r.ctx, "stop"); err != nil {
			return err
		}
	}
	for _, kind := range []string{"o", "e", "x", "i"} {
		if o := r.outputs[kind]; r.pokes[kind] == maxPokes || o != nil && (o.ended || o.number != "") {
			continue
		}
		r.pokes[kind]++
		if err := r.s.command(r.ctx, kind, "again", "any"); err != nil {
			return err
		}
	}
	return nil
}

// finish has the guest forget the request.
func (r *shellRun) finish(ctx context.Context) error {
	ask := time.NewTicker(retypeTime)
	defer ask.Stop()
	for {
		if err := r.s.command(ctx, "finish", r.id); err != nil {
			return err
		}
		for waiting := true; waiting; {
			select {
			case f := <-r.s.frames:
				if f.kind == "f" && f.number == r.id {
					return nil
				}
			case <-ask.C:
				waiting = false
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-r.s.closed:
				return r.s.err
			}
		}
	}
}
