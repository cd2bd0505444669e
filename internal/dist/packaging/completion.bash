# The commands and options are those that the program itself lists.
_hostnet() {
	local current=${COMP_WORDS[COMP_CWORD]} words=
	if ((COMP_CWORD == 1)); then
		words=$(hostnet help 2>/dev/null | sed -n 's/^  hostnet \([a-z][a-z-]*\) .*/\1/p')
	elif [[ $current == -* ]]; then
		words=$(hostnet help "${COMP_WORDS[1]}" 2>/dev/null | sed -n 's/^  \(--[a-z][a-z-]*\).*/\1/p')
	fi
	# shellcheck disable=SC2207 # the words have no spaces
	COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _hostnet hostnet
