package console

import (
	"context"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sayEvery prints text in each interval of d until the test ends.
func (g *guest) sayEvery(d time.Duration, text string) {
	for g.t.Context().Err() == nil {
		g.say(text)
		_ = rest(g.t.Context(), d)
	}
}

func TestTimeoutIsNotExtendedByOutput(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, g := start(t, Options{})
		go g.sayEvery(time.Second, "tick\r\n")
		began := time.Now()
		_, err := c.Wait(t.Context(), Wait{Success: []Pattern{Text("login:")}, Timeout: 90*time.Second + 500*time.Millisecond, Idle: 2 * time.Second})
		require.ErrorIs(t, err, ErrTimeout)
		assert.Equal(t, 90*time.Second+500*time.Millisecond, time.Since(began))
		assert.Contains(t, err.Error(), `timed out waiting for "login:" after 90 s, idle for 500 ms`)
	})
}

func TestIdleEndsAWaitForASilentGuest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, g := start(t, Options{})
		time.Sleep(time.Hour) // silence before the wait does not count
		go func() {
			for range 5 {
				time.Sleep(9 * time.Second)
				g.say("tick\r\n")
			}
		}()
		began := time.Now()
		_, err := c.Wait(t.Context(), Wait{Success: []Pattern{Text("login:")}, Timeout: time.Hour, Idle: 10 * time.Second})
		require.ErrorIs(t, err, ErrIdle)
		assert.Equal(t, 55*time.Second, time.Since(began))
		assert.Contains(t, err.Error(), `no output for 10 s while waiting for "login:", given up after 55 s`)
	})
}

func TestTheEarlierDeadlineOfTheContextCounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := start(t, Options{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := c.Wait(ctx, Wait{Success: []Pattern{Text("login:")}, Timeout: time.Hour})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.NotErrorIs(t, err, ErrTimeout)
		assert.Contains(t, err.Error(), `waiting for "login:" ended after 60 s, idle for 60 s: context deadline exceeded`)
	})
}

func TestAnOpenMatchIsSettledWhenTheGuestPauses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		expr, first, second string
		want                string
		after               time.Duration // of the first
	}{
		{`login: `, "login: ", "", "login: ", 0},
		{`v(\d+)`, "v1", "2 ", "v12", 100 * time.Millisecond},
		{`v(\d+)`, "v1", "", "v1", settleTime},
		{`v(\d+)`, "v1 ", "", "v1", 0},
		{`v(.*)`, "v1", "2\r\n", "v12", 100 * time.Millisecond},
		{`(?s)v.*2`, "v1\n2", "x2\n22", "v1\n2x2", 100 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			c, g := start(t, Options{})
			go func() {
				time.Sleep(time.Second)
				g.say(tc.first)
				time.Sleep(100 * time.Millisecond)
				g.say(tc.second)
			}()
			began := time.Now()
			m, err := c.Wait(t.Context(), waitFor(Regexp(tc.expr)))
			require.NoError(t, err)
			assert.Equal(t, tc.want, m.Text, "%s in %q", tc.expr, tc.first)
			assert.Equal(t, tc.after, time.Since(began)-time.Second, "%s in %q", tc.expr, tc.first)
			synctest.Wait()
			time.Sleep(time.Second)
		})
	}
}

func TestSendIsPaced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, g := start(t, Options{Pace: 10 * time.Millisecond, LineEnding: "\r\n"})
		typed := make(chan string)
		go func() { typed <- g.hear("\r\n") }()
		began := time.Now()
		require.NoError(t, c.SendLine(t.Context(), "ls é"))
		assert.Equal(t, "ls é\r\n", <-typed)
		assert.Equal(t, 50*time.Millisecond, time.Since(began), "a pause between each two of six characters")

		ctx, cancel := context.WithTimeout(t.Context(), 35*time.Millisecond)
		defer cancel()
		go g.conn.Read(make([]byte, 1))
		go g.conn.Read(make([]byte, 1))
		go g.conn.Read(make([]byte, 1))
		go g.conn.Read(make([]byte, 1))
		err := c.Send(ctx, "a long text")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Contains(t, err.Error(), `cannot send "a long text", 4 of 11 bytes were taken`)
	})
}

func TestSendToAGuestThatDoesNotRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, g := start(t, Options{})
		began := time.Now()
		err := c.Send(t.Context(), "hello")
		require.ErrorIs(t, err, ErrTimeout)
		assert.EqualError(t, err, `console: cannot send "hello", 0 of 5 bytes were taken: the guest has not read its input for 30 s`)
		assert.Equal(t, 30*time.Second, time.Since(began))

		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(assert.AnError) })
		require.ErrorIs(t, c.Send(ctx, "hello"), assert.AnError)

		go c.Send(t.Context(), "bye")
		assert.Equal(t, "bye", g.hear("bye"), "what was given up has left nothing behind")
	})
}

func TestSendOverAConnectionWithoutDeadlines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		near, g := pipe(t)
		c, err := New(struct{ io.ReadWriteCloser }{near}, Options{SendTimeout: time.Second})
		require.NoError(t, err)
		require.ErrorIs(t, c.Send(t.Context(), "one"), ErrTimeout)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, c.Send(ctx, "two"), context.DeadlineExceeded, "the first is still being written")
		g.hear("one")
		go c.Send(t.Context(), "three")
		assert.Equal(t, "three", g.hear("three"))
		require.NoError(t, c.Close())
	})
}

func TestInterruptUntilWorksWithASilentGuest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, g := start(t, Options{})
		go func() {
			for range 7 {
				g.hear("\r")
			}
			g.say("=> ")
			for {
				if _, err := g.conn.Read(make([]byte, 1)); err != nil {
					return
				}
			}
		}()
		began := time.Now()
		_, err := c.InterruptUntil(t.Context(), "\r", 300*time.Millisecond, waitFor(Text("=> ")))
		require.NoError(t, err)
		assert.Equal(t, 6*300*time.Millisecond, time.Since(began), "the first at once, six more in their intervals")
	})
}

func TestInterruptUntilDoesNotNeedAReader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, g := start(t, Options{SendTimeout: time.Second})
		go func() {
			time.Sleep(time.Minute)
			g.say("=> ")
		}()
		_, err := c.InterruptUntil(t.Context(), "\r", 0, Wait{Success: []Pattern{Text("=> ")}})
		require.NoError(t, err)

		_, err = c.InterruptUntil(t.Context(), "\r", 0, Wait{Success: []Pattern{Text("never")}, Timeout: time.Minute})
		require.ErrorIs(t, err, ErrTimeout)
		go c.Send(t.Context(), "x")
		g.hear("x")
	})
}

func TestTailTellsWhenEachLineBegan(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, g := start(t, Options{})
		opened := time.Now()
		assert.Empty(t, c.Tail(3))
		for _, text := range []string{"a\r\nb", "b\r\n", "\r\n", "log", "in: "} {
			time.Sleep(time.Second)
			g.say(text)
			synctest.Wait()
		}
		want := []Line{
			{opened.Add(1 * time.Second), 1 * time.Second, "a"},
			{opened.Add(1 * time.Second), 1 * time.Second, "bb"},
			{opened.Add(3 * time.Second), 3 * time.Second, ""},
			{opened.Add(4 * time.Second), 4 * time.Second, "login: "},
		}
		assert.Equal(t, want, c.Tail(100))
		assert.Equal(t, want[2:], c.Tail(2))
		assert.Empty(t, c.Tail(0))
		for range 1000 {
			g.say("more\r\n")
		}
		synctest.Wait()
		assert.Len(t, c.Tail(1000), maxTail)
	})
}
