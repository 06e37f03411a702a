package console

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	panics = Rule{Kind: "kernel panic", Start: Text("Kernel panic"), End: Text("end Kernel panic")}
	oopses = Rule{Kind: "oops", Start: Regexp(`Oops: .*`), Lines: 3}
	halts  = Rule{Start: Regexp(`halted$`)}
	warns  = Rule{Kind: "warning", Start: Text("WARNING"), End: Text("end trace"), Lines: 4, Noted: true}
)

func watched() Options { return Options{Watch: []Rule{panics, oopses, halts, warns}} }

func hasFailed(c *Console) bool {
	select {
	case <-c.Failed():
		return true
	default:
		return false
	}
}

func TestAFailureIsSeenWhenNobodyWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, g := start(t, watched())
		g.say("booting\r\nOo")
		synctest.Wait()
		assert.False(t, hasFailed(c))
		require.NoError(t, c.Failure())
		g.say("ps: 00", "02 [#1]\r\nmore Oops: later\r\n")
		<-c.Failed()
		synctest.Wait()
		err := c.Failure()
		require.ErrorIs(t, err, ErrFailure)
		waitErr := err.(*WaitError)
		assert.Equal(t, "Oops: 0002 [#1]", waitErr.Failure.Text)
		assert.Equal(t, 1, waitErr.Failure.Index)
		assert.Equal(t, Kind("oops"), waitErr.Report.Kind)
		assert.Contains(t, err.Error(), "console: oops: Oops: 0002 [#1]\n  the guest reported:\n    Oops: 0002 [#1]\n    more Oops: later\n  last")
	})
}

func TestAFailureEndsPendingAndLaterWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, g := start(t, watched())
		go func() {
			time.Sleep(time.Second)
			g.say("Oops: 1\r\nlogin: ")
		}()
		began := time.Now()
		_, err := c.Wait(t.Context(), Wait{Success: []Pattern{Text("login:")}, Timeout: time.Hour})
		require.ErrorIs(t, err, ErrFailure)
		assert.Equal(t, time.Second+settleTime, time.Since(began), "the rest of the report has that long to follow")
		assert.Equal(t, "Oops: 1", err.(*WaitError).Failure.Text)
		assert.Contains(t, err.Error(), "console: oops: Oops: 1, after 1.2 s waiting for \"login:\"\n")

		_, err = c.Wait(t.Context(), waitFor(Text("login:")))
		require.ErrorIs(t, err, ErrFailure)
		_, err = c.Exec(t.Context(), "ls", waitFor(Text("login:")))
		require.ErrorIs(t, err, ErrFailure)
	})
}

func TestWhatIsCompleteBeforeTheFailureCounts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"login: Kernel panic\r\n": true,
		"Kernel panic login:\r\n": false,
	} {
		synctest.Test(t, func(t *testing.T) {
			c, g := start(t, watched())
			go func() {
				synctest.Wait() // until the wait is pending
				g.say(text)
			}()
			_, err := c.Wait(t.Context(), waitFor(Text("login:")))
			assert.Equal(t, want, err == nil, "%q: %v", text, err)
		})
	}
}

func TestExpectedFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, g := start(t, watched())
		c.Expect(panics.Kind, "not watched")
		go g.say("Kernel panic\r\nKernel panic\r\nOops: 1\r\n")
		m, err := c.Wait(t.Context(), waitFor(Text("Kernel panic\r\n")))
		require.NoError(t, err)
		assert.Zero(t, m.Start)
		<-c.Failed()
		assert.Equal(t, "Oops: 1", c.Failure().(*WaitError).Failure.Text)
		c.Expect(oopses.Kind)
		require.Error(t, c.Failure(), "what has failed stays failed")
	})
}

func TestAFailureAtTheEndOfTheConsole(t *testing.T) {
	t.Parallel()
	c, g := start(t, watched())
	g.say("system halted")
	g.end(c)
	<-c.Failed()
	assert.Equal(t, "halted", c.Failure().(*WaitError).Failure.Text)
}

func TestAFailurePendingInTheMiddleOfALine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, g := start(t, watched())
		go func() {
			for _, text := range []string{"Oops: ", "the reason", " for it"} {
				g.say(text)
				time.Sleep(settleTime / 2)
			}
		}()
		_, err := c.Wait(t.Context(), waitFor(Text("never")))
		require.ErrorIs(t, err, ErrFailure)
		assert.Equal(t, "Oops: the reason for it", err.(*WaitError).Report.Line, "a wait gives the guest time to end the line")
	})
}
