package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// proof names a test as reliability.md does: `package.TestName`.
var proof = regexp.MustCompile("`([a-z0-9_/-]+)\\.((?:Test|Fuzz|Example)\\w*)`")

// Every promise names a test, and every test that is named exists.
func TestPromisesHaveProofs(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("reliability.md")
	require.NoError(t, err)
	tests := make(map[string][]string) // by package
	promises := 0
	for line := range strings.Lines(string(page)) {
		proofs := proof.FindAllStringSubmatch(line, -1)
		for _, match := range proofs {
			dir, name := match[1], match[2]
			if tests[dir] == nil {
				tests[dir] = testsOf(t, dir)
			}
			assert.Contains(t, tests[dir], name, "package %s has no such test", dir)
		}
		isRow := strings.HasPrefix(line, "| ") && !strings.HasPrefix(line, "| promise")
		if isRow {
			promises++
			assert.NotEmpty(t, proofs, "a promise without a proof: %s", line)
		}
	}
	assert.Greater(t, promises, 20, "the page has tables of promises")
}

// The long forms that the page speaks of are among what make torture runs.
func TestTortureRunsLongForms(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile("../.ci/torture")
	require.NoError(t, err)
	run := regexp.MustCompile(`-run '([^']+)' "\$\{tested`).FindSubmatch(script)
	require.NotNil(t, run)
	selected := regexp.MustCompile(string(run[1]))
	page, err := os.ReadFile("reliability.md")
	require.NoError(t, err)
	for line := range strings.Lines(string(page)) {
		if !strings.Contains(line, "long form ") && !strings.Contains(line, "long form)") {
			continue
		}
		for _, match := range proof.FindAllStringSubmatch(line, -1) {
			assert.Regexp(t, selected, match[2])
		}
	}
}

// testsOf lists the functions in the test files of a package of this module.
func testsOf(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", dir, "*_test.go"))
	require.NoError(t, err)
	names := []string{}
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, declaration := range file.Decls {
			if f, ok := declaration.(*ast.FuncDecl); ok && f.Recv == nil {
				names = append(names, f.Name.Name)
			}
		}
	}
	return names
}
