package apt

import (
	"context"
	"errors"
	"net/url"
	"path"
	"slices"
	"strings"
)

// archive returns the URI of Debian's archive in the machine's own sources: the one from which it has a release's main
// component, as opposed to updates, security and other people's packages. The sources themselves tell: apt would name those
// only whose lists the system has.
func (a *apt) archive(ctx context.Context) (string, error) {
	for _, s := range a.sources(ctx) {
		release := slices.ContainsFunc(s.suites, func(suite string) bool { return !strings.ContainsAny(suite, "-/") })
		if !release || !slices.Contains(s.components, "main") {
			continue
		}
		for _, text := range s.uris {
			if uri, err := url.Parse(text); err == nil && path.Base(uri.Path) == "debian" {
				return text, nil
			}
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
