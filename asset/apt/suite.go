package apt

import (
	"context"
	"errors"
	"net/url"
	"path"
	"strings"
)

// archive returns the URI of Debian's archive in the machine's own sources: the one from which it has a release's main
// component, as opposed to updates, security and other people's packages.
func (a *apt) archive(ctx context.Context) (string, error) {
	// The system's configuration tells, before any list is there.
	out, output, err := execute(ctx, a.dir, a.get, "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)",
		"Created-By: Packages")
	if err != nil {
		return "", complaint("apt-get indextargets", err, output)
	}
	for line := range strings.Lines(out) {
		fields := strings.Fields(line)
		if len(fields) != 3 || fields[2] != "main" || strings.ContainsAny(fields[1], "-/") {
			continue
		}
		if uri, err := url.Parse(fields[0]); err == nil && path.Base(uri.Path) == "debian" {
			return fields[0], nil
		}
	}
	return "", errors.New("they have no archive of Debian, <URI>/debian with a component main, to take another release from")
}

// suiteConfiguration comes after the configuration, to put the file of that path in the place of the machine's own sources.
const suiteConfiguration = `Dir::Etc::sourcelist "%s";
Dir::Etc::sourceparts "-";
APT::Default-Release "";
`

// suiteSources are the sources for a suite of an archive (sources.list(5)). Debian's keyring has the keys of the releases
// before and after its own, under the same name in all of them.
const suiteSources = `Types: deb
URIs: %s
Suites: %s
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
`
