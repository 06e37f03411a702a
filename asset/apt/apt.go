package apt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// apt runs the machine's apt for one architecture with a state of its own.
type apt struct {
	get, cache, config string // the commands
	dir                string // of the state
	arch               string
	suite              string // "" for the machine's own sources
}

func findApt(s *state) (*apt, error) {
	get, err := exec.LookPath("apt-get")
	if err != nil {
		return nil, err
	}
	cache, err := exec.LookPath("apt-cache")
	if err != nil {
		return nil, err
	}
	config, err := exec.LookPath("apt-config")
	if err != nil {
		return nil, err
	}
	return &apt{get: get, cache: cache, config: config, dir: s.dir, arch: s.arch, suite: s.suite}, nil
}

// configuration is read by apt after the system's configuration (apt.conf(5)), of which the sources, keys, proxies and
// preferences stay. The arguments are the directory of the state and the architecture.
//
// Hooks after an update belong to the system: some clean its cache. Of the index files, only the package lists are needed:
// distributions add descriptions, translations and pictures, several times as large. Of the hashes that an archive has,
// apt tells only the strongest, which is SHA-512 in Ubuntu's; the asset cache is by SHA-256.
const configuration = `APT::Architecture "%[2]s";
#clear APT::Architectures;
APT::Architectures { "%[2]s"; };
Dir::State "%[1]s";
Dir::State::lists "%[1]s/lists";
Dir::State::status "%[1]s/status";
Dir::Cache "%[1]s/cache";
Dir::Cache::archives "%[1]s/cache/archives";
Dir::Log "%[1]s/log";
APT::Get::AllowUnauthenticated "false";
Acquire::AllowInsecureRepositories "false";
Acquire::AllowDowngradeToInsecureRepositories "false";
Acquire::ForceHash "SHA256";
Acquire::Retries "2";
Acquire::Languages "none";
Acquire::GzipIndexes "true";
#clear Acquire::IndexTargets;
Acquire::IndexTargets::deb::Packages {
	MetaKey "$(COMPONENT)/binary-$(ARCHITECTURE)/Packages";
	flatMetaKey "Packages";
	ShortDescription "Packages";
	Description "$(RELEASE)/$(COMPONENT) $(ARCHITECTURE) Packages";
	flatDescription "$(RELEASE) Packages";
	Optional "no";
};
APT::Update::Error-Mode "any";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear APT::Update::Post-Invoke-Stats;
`

func (a *apt) configPath() string { return filepath.Join(a.dir, "apt.conf") }

// downloads is the directory, in that of the state, of packages on their way to the asset cache.
const downloads = "download"

// configure makes the directories and files that apt expects, with further lines for its configuration.
func (a *apt) configure(more string) error {
	for _, dir := range []string{"lists/partial", "cache/archives/partial", "log", downloads} {
		if err := os.MkdirAll(filepath.Join(a.dir, dir), 0o755); err != nil {
			return err
		}
	}
	return errors.Join(
		os.WriteFile(filepath.Join(a.dir, "status"), nil, 0o644), // no package is installed
		os.WriteFile(a.configPath(), fmt.Appendf(nil, configuration+"%[3]s", a.dir, a.arch, more), 0o644),
	)
}

// run executes a command of apt, and returns its standard output and everything it printed.
func (a *apt) run(ctx context.Context, command string, args ...string) (stdout, all string, err error) {
	return a.runIn(ctx, a.dir, command, args...)
}

// runIn is run in a working directory, which is where apt-get puts downloads.
func (a *apt) runIn(ctx context.Context, dir, command string, args ...string) (stdout, all string, err error) {
	return execute(ctx, dir, command, append([]string{"-c", a.configPath()}, args...)...)
}

// execute is runIn with the system's configuration alone.
func execute(ctx context.Context, dir, command string, args ...string) (stdout, all string, err error) {
	cmd := exec.CommandContext(ctx, command, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return out.String(), out.String() + errs.String(), err
}

// update downloads the package lists. The output says which source failed.
func (a *apt) update(ctx context.Context) (output string, err error) {
	_, output, err = a.run(ctx, a.get, "-q", "update")
	if err != nil {
		err = fmt.Errorf("apt-get update: %w", err)
	}
	return output, err
}

// lookUp finds a package in the lists. The error is an [*Error] if apt has it, but tells of it in a form that is not known.
func (a *apt) lookUp(ctx context.Context, p Package) (*Release, error) {
	name := p.Name
	if p.Version != "" {
		name += "=" + p.Version
	}
	text, output, err := a.run(ctx, a.cache, "--no-all-versions", "show", name)
	if err != nil {
		return nil, complaint("apt-cache show", err, output)
	}
	if strings.TrimSpace(text) == "" { // a name that other packages provide
		return nil, complaint("apt-cache show", errors.New("no package of that name"), output)
	}
	fields := parseStanza(text)
	if fields["Version"] == "" {
		return nil, unexpected(p, "apt-cache show "+name, "a paragraph with a Version", text)
	}
	uris, output, err := a.run(ctx, a.get, "download", "--print-uris", name)
	if err != nil {
		return nil, complaint("apt-get download --print-uris", err, output)
	}
	r := &Release{
		Package: Package{Name: p.Name, Arch: p.Arch, Version: fields["Version"], Suite: a.suite},
		Depends: parseDepends(fields["Depends"]),
	}
	m := uriLine.FindStringSubmatch(uris)
	if m == nil {
		return nil, unexpected(p, "apt-get download --print-uris "+name, "'URL' file size SHA256:hash", uris)
	}
	r.URL, r.SHA256 = m[1], m[2]
	return r, nil
}

var uriLine = regexp.MustCompile(`(?m)^'([^']+)' \S+ \d+ SHA256:([0-9a-f]{64})$`)

// download downloads the .deb of a package with its version, and returns its path.
func (a *apt) download(ctx context.Context, p Package) (string, error) {
	dir := filepath.Join(a.dir, downloads, p.Name+"_"+p.Version)
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o755)); err != nil {
		return "", err
	}
	if _, output, err := a.runIn(ctx, dir, a.get, "-q", "download", p.Name+"="+p.Version); err != nil {
		return "", complaint("apt-get download", err, output)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.deb"))
	if err == nil && len(files) != 1 {
		err = fmt.Errorf("expected apt-get download to leave one file, but there are %d", len(files))
	}
	if err != nil {
		return "", err
	}
	return files[0], nil
}

// unexpected is the error of an answer that is not in the form that this package knows. It is not that of a package which
// there is not: a change of apt would have all tests skip.
func unexpected(p Package, command, form, answer string) error {
	return &Error{Package: p, Kind: Failed,
		Err: fmt.Errorf("expected %s to print %s, but it printed %q", command, form, strings.TrimSpace(answer))}
}

// complaint is the error of a command together with what apt complained of.
func complaint(command string, err error, output string) error {
	var lines []string
	for line := range strings.Lines(output) {
		if strings.HasPrefix(line, "E:") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return fmt.Errorf("%s: %w: %s", command, err, strings.Join(lines, "; "))
}
