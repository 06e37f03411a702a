package qmp

import (
	"context"
	"regexp"
	"strings"
)

// hmpComplaint matches what the human monitor prints instead of an error
// reply: a failed command, an unknown one, and one with wrong arguments
// (hmp_handle_error in monitor/hmp-cmds.c and monitor/hmp.c of QEMU).
var hmpComplaint = regexp.MustCompile(`^Error: |^unknown command: |(?m:^Try "help .*" for more information\n\z)`)

// HMP runs a line of the human monitor and returns what it printed, with "\n"
// as line end.
//
// The human monitor has no error replies, only text. Where the text is a
// complaint about an unknown, failed or malformed command, HMP returns an
// *HMPError beside it.
func (c *Client) HMP(ctx context.Context, line string) (string, error) {
	output, err := Call[string](ctx, c, "human-monitor-command", Args{"command-line": line})
	if err != nil {
		return "", err
	}
	output = strings.ReplaceAll(output, "\r\n", "\n")
	if hmpComplaint.MatchString(output) {
		return output, &HMPError{Line: line, Output: output}
	}
	return output, nil
}
