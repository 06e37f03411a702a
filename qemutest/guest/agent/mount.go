//go:build linux

package agent

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/qemutest/functional/qemutest/guest/internal/wire"
	"golang.org/x/sys/unix"
)

// mountOption is what an option of mount(8) does to the flags of mount(2).
type mountOption struct{ set, clear uintptr }

// mountOptions are the options that are not for the file system: those "for
// all file systems" of mount(8). The others of these say who may mount what, and
// when.
var mountOptions = map[string]mountOption{
	"async":         {clear: unix.MS_SYNCHRONOUS},
	"atime":         {clear: unix.MS_NOATIME},
	"auto":          {},
	"bind":          {set: unix.MS_BIND},
	"defaults":      {},
	"dev":           {clear: unix.MS_NODEV},
	"diratime":      {clear: unix.MS_NODIRATIME},
	"dirsync":       {set: unix.MS_DIRSYNC},
	"exec":          {clear: unix.MS_NOEXEC},
	"group":         {},
	"iversion":      {set: unix.MS_I_VERSION},
	"lazytime":      {set: unix.MS_LAZYTIME},
	"loud":          {clear: unix.MS_SILENT},
	"mand":          {set: unix.MS_MANDLOCK},
	"_netdev":       {},
	"noatime":       {set: unix.MS_NOATIME},
	"noauto":        {},
	"nodev":         {set: unix.MS_NODEV},
	"nodiratime":    {set: unix.MS_NODIRATIME},
	"noexec":        {set: unix.MS_NOEXEC},
	"nofail":        {},
	"noiversion":    {clear: unix.MS_I_VERSION},
	"nolazytime":    {clear: unix.MS_LAZYTIME},
	"nomand":        {clear: unix.MS_MANDLOCK},
	"norelatime":    {clear: unix.MS_RELATIME},
	"nostrictatime": {clear: unix.MS_STRICTATIME},
	"nosuid":        {set: unix.MS_NOSUID},
	"nouser":        {},
	"owner":         {},
	"rbind":         {set: unix.MS_BIND | unix.MS_REC},
	"relatime":      {set: unix.MS_RELATIME},
	"remount":       {set: unix.MS_REMOUNT},
	"ro":            {set: unix.MS_RDONLY},
	"rw":            {clear: unix.MS_RDONLY},
	"silent":        {set: unix.MS_SILENT},
	"strictatime":   {set: unix.MS_STRICTATIME},
	"suid":          {clear: unix.MS_NOSUID},
	"sync":          {set: unix.MS_SYNCHRONOUS},
	"user":          {},
	"users":         {},
}

// propagations are the options that take a call of their own.
var propagations = map[string]uintptr{
	"private":     unix.MS_PRIVATE,
	"rprivate":    unix.MS_PRIVATE | unix.MS_REC,
	"rshared":     unix.MS_SHARED | unix.MS_REC,
	"rslave":      unix.MS_SLAVE | unix.MS_REC,
	"runbindable": unix.MS_UNBINDABLE | unix.MS_REC,
	"shared":      unix.MS_SHARED,
	"slave":       unix.MS_SLAVE,
	"unbindable":  unix.MS_UNBINDABLE,
}

// mount mounts a file system, with options as mount(8) takes them, at a
// directory that it makes if need be.
func mount(r *wire.MountRequest) error {
	if r == nil {
		return errors.New("expected what to mount, it is missing")
	}
	var flags uintptr
	var later []uintptr // of calls that change the mount
	var rest []string
	for option := range strings.SplitSeq(r.Options, ",") {
		if o, found := mountOptions[option]; found {
			flags = flags&^o.clear | o.set
		} else if p, found := propagations[option]; found {
			later = append(later, p)
		} else if option != "" {
			rest = append(rest, option)
		}
	}
	if err := os.MkdirAll(r.Target, 0o755); err != nil {
		return err
	}
	// The first call for a bind mount takes no notice of other flags.
	const bind = unix.MS_BIND | unix.MS_REC
	if flags&unix.MS_BIND != 0 && flags&^bind != 0 && flags&unix.MS_REMOUNT == 0 {
		later = slices.Insert(later, 0, flags|unix.MS_REMOUNT)
	}
	err := unix.Mount(r.Source, r.Target, r.Type, flags, strings.Join(rest, ","))
	for i := 0; i < len(later) && err == nil; i++ {
		err = unix.Mount("", r.Target, "", later[i], "")
	}
	if err != nil {
		return &fs.PathError{Op: "mount", Path: r.Target, Err: err}
	}
	return nil
}
