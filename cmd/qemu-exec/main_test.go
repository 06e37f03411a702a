package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestLogDir(t *testing.T) {
	t.Parallel()
	assert.Empty(t, logDir("", "/src/module/pkg"))
	assert.Equal(t, "/tmp/logs/src_module_pkg", logDir("/tmp/logs", "/src/module/pkg"))
	assert.Equal(t, "logs/src", logDir("logs", "/src"))
}
