#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Sentences that a user sees and that stand outside _(): none may.

catalogue.sh sees only what is inside _() or N_(); this looks for the others:
four words in a row in a string that goes to a function which speaks to people.
What is no sentence (an example of a configuration, a format) is named below.
"""
import glob
import re
import sys

SPEAKS = (r'printf|fprintf|puts|fputs|say|complain|tell|why|row|try_fail|'
          r'log_info|log_warn|log_err|log_notice|conf_print|usage')
# (file, beginning of the string): why it is no sentence for the catalogue
KNOWN = {
    ('src/base/mem.c', '<0>kadomori: out of memory'): 'no memory to translate with',
    ('src/base/mem.c', 'the rules that are loaded'): 'its second half',
    ('src/cmd/kadomori/main.c', '%s: kadomori [--json]'): 'the command line itself',
    ('src/routers/vyos/vyos.c', 'destination address-mask'): 'words of VyOS',
    ('src/cmd/kadomori/cmd-probe.c', '%-12s encr %u/%u'): 'names of the RFC',
}


def strings(text):
    """(line, string) of every literal outside _() and N_() in a speaking call."""
    text = re.sub(r'/\*.*?\*/', lambda m: re.sub(r'[^\n]', ' ', m.group()), text, flags=re.S)
    text = re.sub(r'(?m)//[^\n]*$', '', text)
    lit = r'"(?:\\.|[^"\\])*"'
    inner = r'\((?:[^()"]|%s|\((?:[^()"]|%s)*\))*\)' % (lit, lit)
    call = re.compile(r'\b(?:%s)\s*\(((?:[^()"]|%s|%s)*)\)' % (SPEAKS, lit, inner))
    for m in call.finditer(text):
        args = re.sub(r'\bN?_\s*\((?:[^()"]|%s)*\)' % lit, '', m.group(1))
        for q in re.findall(lit, args):
            yield text[:m.start()].count('\n') + 1, q[1:-1]


def is_sentence(s):
    s = re.sub(r'%[-+ #0-9.*]*(?:hh|h|ll|l|z|j)?[a-zA-Z]', '%', s)
    return re.search(r"(?:\b[A-Za-z][a-z']+[ ,:]+){3}[A-Za-z][a-z']+", s) is not None


def main():
    planted = 'x() { printf("this one was never translated\\n"); puts(_("this one was, so good")); }'
    found = [s for _, s in strings(planted) if is_sentence(s)]
    if found != ['this one was never translated\\n']:
        print('sentences.py: a planted sentence is not seen:', found)
        return 1
    bad = seen = 0
    for f in sorted(glob.glob('src/**/*.c', recursive=True)):
        for line, s in strings(open(f, encoding='utf-8').read()):
            seen += 1
            if is_sentence(s) and not any(f == k and s.startswith(b) for k, b in KNOWN):
                print(f'{f}:{line}: not in the catalogue, put it into _(): "{s[:70]}"')
                bad += 1
    if seen < 300:
        print(f'sentences.py: only {seen} strings seen, is the tree there?')
        return 1
    return 1 if bad else 0


sys.exit(main())
