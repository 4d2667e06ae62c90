"""Engine of call flows: steps, prompts, speech, keys, cursor.

It knows neither telephony nor tickets.
"""
