"""One page that a manager reads, as HTML and as PDF, in the language of the policy.

`blocks` says what is on it, once; `to_html` and `to_pdf` set it. It is made of what the pack holds
and of packs that were sealed before, so that the same pack made again has the same page.
"""
