// Package archive unpacks what tests download: archives and compressed files that nobody here has made.
//
// # Use
//
// Extract unpacks an archive, or chosen members of it, into a directory. ReadMember returns one member's content.
// Decompress turns one compressed file into a plain one, NewReader does so for a stream. All of them need no external
// tools and change no working directory, so they may run in parallel.
//
//	err := archive.Extract(ctx, scratch, archive.Source{Path: cached, Name: asset.URL()}, archive.Options{})
//
// The formats are
//
//   - tar: v7, ustar, pax, GNU, with sparse members; plain or compressed in any of the ways below;
//   - zip, stored or deflated; from a stream it is copied to a temporary file first, because its directory is at its end;
//   - cpio as an initramfs has it: newc, newc with checksums ("crc"), and odc; any number of archives one after another,
//     padded with zeros, each compressed in its own way or not at all;
//   - Debian packages, deb and udeb: the files with FormatDeb, the control files with FormatDebControl;
//   - compression with gzip, xz, lzma, zstd, bzip2 and lz4, the legacy format of kernel images included; several streams
//     in a row, and zeros after them, are read as one.
//
// The format comes from Options if set there; else from the source's name, a file name or URL, and its first bytes. If
// these two name different formats, one of them is wrong, and that is an error. A name that says nothing is fine: files in
// a cache are named by their hash.
//
// # What is extracted
//
// Files come with their permission bits, setuid included, and their modification time; they belong to the user who runs
// the test. Runs of zeros become holes, whether the archive knew of them or not. Directories come with mode and time too,
// but their owner keeps all rights, or nobody but root could remove the tree. Hard links are hard links, to members of the
// same archive. Device nodes, named pipes and sockets are left out, and Options.Note is told. The times of symbolic links
// are not kept, extended attributes neither.
//
// Extraction is all or nothing. Members are staged in a hidden directory inside the destination, ".extract-" and a random
// suffix, and renamed into place when the archive has been read to its end and every checksum in it was right. On an error
// the staging directory is removed, and so is the destination if it was made by the call. Nothing else ever is: a file that
// was there before, and would have been replaced, is still there. Decompress does the same with a temporary file. A process
// that is killed leaves the staging directory or temporary file, never something incomplete under its right name.
//
// # Hostile input
//
// Archives come from the network, so anything may be in them. Every file operation goes through os.Root. Members with
// absolute names, or with "..", are refused, and so are hard links to anything that is not a member extracted before.
// Limits bound the size of all files together, their number, and the ratio of output to input; memory is bounded whatever
// the headers declare: dictionaries by 64 MiB, or 128 MiB for zstd, times four where the blocks of an xz file are decoded
// in parallel. Members that were not asked for are skipped without judging them.
//
// Symbolic links are made as they are in the archive, with two rules.
//
// A relative target must stay inside the tree, followed step by step through the other links of the archive. One that
// climbs out is an error.
//
// An absolute target is what every root file system has ("/etc/mtab" -> "/proc/mounts"). It is kept as it is and means the
// root of the tree, as for a guest that boots from it, or chroot(2). Members behind such a link are put where it leads inside
// the tree. But a program on the host that opens it follows it to the host's own file: whoever reads from an extracted
// tree opens it with os.OpenRoot, which does not.
//
// # Errors
//
// What is wrong with the input is an *Error with the source, the member and the offset. It wraps ErrTruncated, ErrCorrupt,
// ErrFormat, ErrUnsafe, ErrLimit, errors.ErrUnsupported, or, if members asked for are not there, a *MissingError, which
// lists names that are like them and matches fs.ErrNotExist. An input that is cut short is never a success. The exceptions
// are formats that have no end mark: lz4's legacy format cut between two blocks of 8 MiB, an ar archive cut between
// two members after the one that was wanted, and anything cut between two streams or segments.
//
// Errors of the destination, of the source's Reader, and of the context come as they are.
//
// # Speed
//
// Archives are read once, front to back, and always to the end, because checksums are at the end. Blocks of xz data, which
// Debian packages and files from a recent xz have, are decoded in parallel if the source is a file.
package archive
