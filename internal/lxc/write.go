package lxc

import "hostnet.linux/internal/system"

// WriteFile replaces a file as a whole: whoever reads it meanwhile sees the old or the new contents, and so does a
// machine that loses its power. Owner, mode and attributes stay; of symbolic links only root's own are followed.
func WriteFile(path string, contents []byte) error {
	files := &system.System{}
	file, err := files.File(path)
	if err != nil {
		return err
	}
	if !file.Present {
		const readable = 0o644
		file.Present, file.Mode = true, readable
	}
	file.Content = contents
	return files.Put(file)
}
