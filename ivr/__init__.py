"""The engine that walks a flow: steps, prompts, speech, digits, the cursor. It knows no telephony and no tickets."""
