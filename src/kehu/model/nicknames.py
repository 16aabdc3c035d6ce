"""Short forms of English given names, from general knowledge; other languages may follow."""

import functools

_FORMS = """
abigail abby gail; abraham abe bram; agnes aggie nessie; albert al bert bertie; alexander alec alex sandy xander;
alexandra alex sandra lexi sandy; alfred alf alfie fred; alice ally elsie; amanda mandy; amelia amy milly; andrew
andy drew; angela angie; ann anna anne annie nan nancy hannah; anthony tony ant; antoinette toni nettie; archibald
archie; arthur art artie; augustus gus; barbara barb babs barbie; barnabas barney; bartholomew bart; beatrice bea
trixie; benjamin ben benny benji; bernard bernie; bridget biddy bridie; caroline carol carrie lina; catherine
katherine kathryn cathy cath kate katie kathy kit kitty kay trina; cecilia cissy celia; charles charlie chas chuck;
charlotte lottie charlie; christian chris; christina tina chris chrissie; christine chris tina chrissie; christopher
chris kit topher; clara claire; clement clem; constance connie; cornelius neil; cynthia cindy; daniel dan danny;
david dave davy; deborah deb debbie; dennis denny; dominic dom nick; donald don donny; dorothy dot dottie dolly
dora; douglas doug; edgar ed eddie; edmund ed eddie ned ted; edward ed eddie ned ted teddy; edwin ed eddie; eleanor
ellen ella nell nelly nora lena; elizabeth beth bess bessie betsy betty eliza elsie libby lisa liz lizzie lily;
ellen nell nelly; emily em emmy millie; emma em emmy; ernest ernie; eugene gene; evelyn eve evie; florence flo
florrie flossie; frances fanny fran frankie; francis frank frankie; franklin frank; frederick fred freddie fritz;
gabriel gabe; geoffrey jeffrey geoff jeff; george georgie; gerald gerry jerry; gertrude gertie trudy; gilbert gil
bert; gregory greg; gwendoline gwen; harold hal harry; harriet hattie hetty; helen nell nellie lena; henrietta etta
hetty; henry hal hank harry; herbert bert herb bertie; hubert bert; hugh hughie; isaac ike zac; isabella bella
isabel belle izzy; jacob jake; jacqueline jackie; james jim jimmy jamie jem; jane janet janie jenny; jasper jas;
jeremiah jerry; jessica jess jessie; joan joanie; joanna jo joanne; john jack johnny jock; jonathan jon jonny;
joseph joe joey jos; josephine jo josie; joshua josh; judith judy; julia julie; katharine kate katie kathy; kenneth
ken kenny; laura laurie; lawrence larry laurie; leonard len lenny leo; leonora nora; lewis louis lou lew; lillian
lily lil; louisa lou; lucy lucie; lydia liddy; madeline maddie maddy; margaret daisy madge maggie maisie marge meg
meggie peg peggy greta rita; maria mary; martha mattie patty; martin marty; mary may molly polly mamie minnie;
matilda tilly mattie maud; matthew mat matt; maurice morris; maximilian max; melissa mel lissa; michael mick micky
mike mikey; mildred millie; nathan nat nate; nathaniel nat nate nathan; nicholas nick nicky; nicola nicky nikki;
oliver ollie; olivia liv livvy; pamela pam; patricia pat patsy patty tricia trish; patrick pat paddy; penelope
penny; peter pete; philip phil pip; phillip phil; rachel rae; ralph rafe; randolph randy; raymond ray; rebecca becca
becky; reginald reg reggie; richard dick rich richie rick ricky; robert bob bobby rob robbie bert; roderick rod
rick; roger rodge hodge; roland rollo; ronald ron ronnie; rosemary rose rosie; rose rosie; rudolph rudy; rupert
bert; russell russ; samantha sam; samuel sam sammy; sarah sal sally sadie; sebastian seb; sidney sid; simon si;
solomon sol; sophia sophie; stanley stan; stephen steven steve stevie; stephanie steph; stuart stu; susan sue susie
suzy; susanna sue susie; sylvester syl; terence terry; theodore ted teddy theo; theresa terry tess tessa; thomas tom
tommy; timothy tim; tobias toby; ursula ursie; valentine val; valerie val; victor vic; victoria vicky tori; vincent
vin vince; virginia ginny; walter wally walt wat; wilfred wilf; wilhelmina mina minnie; william bill billy liam will
willie; winifred win winnie; zachary zac zach
"""


@functools.cache
def _families() -> dict[str, frozenset[str]]:
    """For a name the long forms it may stand for, itself among them."""
    families: dict[str, set[str]] = {}
    for group in _FORMS.split(";"):
        long, *short = group.split()
        for name in (long, *short):
            families.setdefault(name, set()).add(long)
    return {name: frozenset(longs) for name, longs in families.items()}


def are_one(a: str, b: str) -> bool:
    """Whether two given names may be one: a short form of the other, or its first three letters or more.

    >>> are_one("bob", "robert"), are_one("rob", "roberta"), are_one("bill", "will"), are_one("john", "james")
    (True, True, True, False)
    """
    a, b = a.partition(" ")[0], b.partition(" ")[0]
    families = _families()
    if families.get(a, frozenset([a])) & families.get(b, frozenset([b])):
        return True
    short, long = sorted((a, b), key=len)
    return len(short) >= 3 and long.startswith(short)
