package qmp

import (
	"context"
	"strings"
)

// HMP runs a line of the human monitor and returns what it printed, with "\n"
// line ends.
//
// The human monitor has no error replies, only text. What it prints for an
// unknown command and for a failed one ("Error: ...") is returned as an
// *HMPError beside the text.
func (c *Client) HMP(ctx context.Context, line string) (string, error) {
	output, err := Call[string](ctx, c, "human-monitor-command", Args{"command-line": line})
	if err != nil {
		return "", err
	}
	output = strings.ReplaceAll(output, "\r\n", "\n")
	if strings.HasPrefix(output, "Error: ") || strings.HasPrefix(output, "unknown command: ") {
		return output, &HMPError{Line: line, Output: output}
	}
	return output, nil
}
