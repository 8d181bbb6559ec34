"""The CSVs that the stories are about, made here so that the repository stays small."""

import random

PEOPLE = "id,name,city,balance,joined\n" + "".join(
    f"{i},{name},{city},{balance},{joined}\n"
    for i, (name, city, balance, joined) in enumerate(
        [
            ("Ada", "London", "12.50", "2024-01-05"),
            ("Blaise", "Paris", "", "2024-02-11"),
            ("Carl", "Berlin", "-3.75", "2023-11-30"),
            ("Dorothy", "London", "100", "2025-06-01"),
            ("Edsger", "Austin", "42", "2022-08-19"),
            ("Fei", "London", "7.25", "2026-03-14"),
        ],
        1,
    )
)
NAMES = ["Ada", "Blaise", "Carl", "Dorothy", "Edsger", "Fei"]

# The same people: one is gone, one has another balance, one is new.
PEOPLE_LATER = PEOPLE.replace("3,Carl,Berlin,-3.75,2023-11-30\n", "").replace("Ada,London,12.50", "Ada,London,13.50") + (
    "7,Grace,Arlington,1,2026-10-01\n"
)

# A record of four fields in a table of three, in line 4.
BROKEN = "id,name,city\n1,Ada,London\n2,Blaise,Paris\n3,Carl,Berlin,Prussia\n"

ATTACK = "<script>parent.attacked=1</script>"
HOSTILE = (
    '"<img src=x onerror=""parent.attacked=1"">","a""onmouseover=""parent.attacked=1","</title><b>c"\n'
    f'"{ATTACK}","javascript:parent.attacked=1","\'><svg onload=parent.attacked=1>"\n'
    "\"{{7*7}} ${7*7}\",https://example.org/?a=1&b=2,&lt;b&gt;\n"
)

WIDE = ",".join(f"column{i}" for i in range(500)) + "\n" + "".join(
    ",".join(str(row * 500 + i) for i in range(500)) + "\n" for row in range(120)
)

LONG = "id,text\n1," + "word " * 2000 + "\n2,\n3,short\n"

FLIGHTS = 336_776
CARRIERS = "UA AA B6 DL EV MQ US WN VX FL AS 9E F9 HA YV OO".split()
AIRPORTS = "LAX ATL ORD MIA SFO BOS MCO CLT FLL IAH DFW SEA DCA RDU TPA PHX LAS DEN PBI STL".split()
COLUMNS = (
    "year,month,day,dep_time,sched_dep_time,dep_delay,arr_time,sched_arr_time,arr_delay,carrier,flight,tailnum,"
    "origin,dest,air_time,distance,hour,minute,time_hour"
)


def flights(rows=FLIGHTS):
    """A table of the size and the shape of the well-known one of flights from New York: 19 columns, with nulls."""
    chance = random.Random(2013)
    lines = [COLUMNS]
    # A few thousand different rows are enough: what matters is how many there are.
    distinct = []
    for _ in range(4096):
        hour, minute, delay = chance.randrange(5, 24), chance.randrange(60), chance.randrange(-20, 90)
        gone = chance.random() < 0.03
        time = hour * 100 + minute
        distinct.append(
            f"{'' if gone else time},{time},{'' if gone else delay},{'' if gone else (time + 200) % 2400},"
            f"{(time + 190) % 2400},{'' if gone else delay - 5},{chance.choice(CARRIERS)},{chance.randrange(1, 8500)},"
            f"N{chance.randrange(100, 999)}UA,{chance.choice(['EWR', 'JFK', 'LGA'])},{chance.choice(AIRPORTS)},"
            f"{'' if gone else chance.randrange(20, 690)},{chance.randrange(80, 4983)},{hour},{minute}"
        )
    for row in range(rows):
        month, day = 1 + row * 12 // rows, 1 + row * 336 // rows % 28
        line = distinct[row % 4096]
        hour = int(line.split(",")[13])
        lines.append(f"2013,{month},{day},{line},2013-{month:02}-{day:02}T{hour:02}:00:00Z")
    return "\n".join(lines) + "\n"
