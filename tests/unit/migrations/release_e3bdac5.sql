-- A database of commit e3bdac5, made by its own code: sample data, a call, a recording, two tickets.
BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0004_merges_and_visits');
CREATE TABLE appointment (
	id VARCHAR NOT NULL, 
	ticket_id VARCHAR NOT NULL, 
	department_id VARCHAR NOT NULL, 
	visit_from DATETIME NOT NULL, 
	visit_until DATETIME NOT NULL, 
	booked_at DATETIME NOT NULL, 
	booked_by VARCHAR NOT NULL, 
	cancelled_at DATETIME, 
	cancelled_by VARCHAR NOT NULL, moved JSON, 
	CONSTRAINT pk_appointment PRIMARY KEY (id), 
	CONSTRAINT fk_appointment_department_id_department FOREIGN KEY(department_id) REFERENCES department (id), 
	CONSTRAINT fk_appointment_ticket_id_ticket FOREIGN KEY(ticket_id) REFERENCES ticket (id)
);
CREATE TABLE appointment_window (
	id VARCHAR NOT NULL, 
	department_id VARCHAR NOT NULL, 
	weekday INTEGER NOT NULL, 
	from_clock VARCHAR NOT NULL, 
	until_clock VARCHAR NOT NULL, 
	places INTEGER NOT NULL, 
	CONSTRAINT pk_appointment_window PRIMARY KEY (id), 
	CONSTRAINT fk_appointment_window_department_id_department FOREIGN KEY(department_id) REFERENCES department (id), 
	CONSTRAINT uq_appointment_window_department_id_weekday_from_clock UNIQUE (department_id, weekday, from_clock)
);
CREATE TABLE call_record (
	id VARCHAR NOT NULL, 
	direction VARCHAR NOT NULL, 
	number VARCHAR, 
	access_number VARCHAR NOT NULL, 
	customer_id VARCHAR, 
	agent_id VARCHAR, 
	queue VARCHAR, 
	ticket_id VARCHAR, 
	started_at DATETIME NOT NULL, 
	answered_at DATETIME, 
	queued_at DATETIME, 
	connected_at DATETIME, 
	ended_at DATETIME, 
	outcome VARCHAR NOT NULL, 
	abandon_position INTEGER, 
	wait_ms INTEGER, 
	talk_ms INTEGER, 
	hangup_by VARCHAR NOT NULL, 
	keys JSON NOT NULL, 
	CONSTRAINT pk_call_record PRIMARY KEY (id)
);
INSERT INTO "call_record" VALUES('call-01aaaaaaaaaaaaaaaaaaaaaaaa','inbound','+8613800000001','96001','customer-01m8kzqeasnx62pj4gaqh1sj7d','staff-01m8kzqd6rnazkwk0vxygm9b3f','repair','ticket-01m8kzqeq5b977vtsx82mc1t2t','2026-11-28 08:00:00.000000','2026-11-28 08:00:00.000000','2026-11-28 08:00:00.000000','2026-11-28 08:00:09.000000','2026-11-28 08:01:39.000000','answered',NULL,9000,90000,'caller','["menu:3"]');
CREATE TABLE campaign_attempt (
	id VARCHAR NOT NULL, 
	contact_id VARCHAR NOT NULL, 
	call_id VARCHAR NOT NULL, 
	number VARCHAR NOT NULL, 
	started_at DATETIME NOT NULL, 
	ended_at DATETIME, 
	outcome VARCHAR(32), 
	CONSTRAINT pk_campaign_attempt PRIMARY KEY (id), 
	CONSTRAINT fk_campaign_attempt_contact_id_campaign_contact FOREIGN KEY(contact_id) REFERENCES campaign_contact (id)
);
CREATE TABLE campaign_contact (
	id VARCHAR NOT NULL, 
	flow VARCHAR NOT NULL, 
	ticket_id VARCHAR NOT NULL, 
	customer_id VARCHAR, 
	number VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	language VARCHAR NOT NULL, 
	round INTEGER NOT NULL, 
	state VARCHAR(32) NOT NULL, 
	attempts INTEGER NOT NULL, 
	next_at DATETIME NOT NULL, 
	lease_until DATETIME, 
	attempt_id VARCHAR, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_campaign_contact PRIMARY KEY (id), 
	CONSTRAINT uq_campaign_contact_ticket_id_number_round UNIQUE (ticket_id, number, round)
);
CREATE TABLE category (
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	parent_id VARCHAR, 
	department_id VARCHAR, 
	active BOOLEAN NOT NULL, 
	CONSTRAINT pk_category PRIMARY KEY (id), 
	CONSTRAINT fk_category_department_id_department FOREIGN KEY(department_id) REFERENCES department (id), 
	CONSTRAINT fk_category_parent_id_category FOREIGN KEY(parent_id) REFERENCES category (id), 
	CONSTRAINT uq_category_name UNIQUE (name)
);
INSERT INTO "category" VALUES('category-01m8kzqcz6y7vhcjqejyh7g1v6','供热故障',NULL,NULL,1);
INSERT INTO "category" VALUES('category-01m8kzqczm1dcebp27dvbesa75','暖气不热','category-01m8kzqcz6y7vhcjqejyh7g1v6','department-01m8kzqcxc9k80dcb0vmwr7w7k',1);
INSERT INTO "category" VALUES('category-01m8kzqd01z5mqjybpmv1kn8xx','管道漏水','category-01m8kzqcz6y7vhcjqejyh7g1v6','department-01m8kzqcxc9k80dcb0vmwr7w7k',1);
INSERT INTO "category" VALUES('category-01m8kzqd0be2r0amcgkwg2g36q','阀门损坏','category-01m8kzqcz6y7vhcjqejyh7g1v6','department-01m8kzqcxc9k80dcb0vmwr7w7k',1);
INSERT INTO "category" VALUES('category-01m8kzqd0mhagmj5vy4wp1qtpd','室外井盖缺失','category-01m8kzqcz6y7vhcjqejyh7g1v6','department-01m8kzqcxc9k80dcb0vmwr7w7k',1);
INSERT INTO "category" VALUES('category-01m8kzqd0tb2trwwzg7456eaa4','业务咨询',NULL,NULL,1);
INSERT INTO "category" VALUES('category-01m8kzqd12am3mbwqwqnng0664','收费咨询','category-01m8kzqd0tb2trwwzg7456eaa4','department-01m8kzqcy9e0qd6yggeq5znxqd',1);
INSERT INTO "category" VALUES('category-01m8kzqd18ntdjf8va98dmv8xh','开栓停热','category-01m8kzqd0tb2trwwzg7456eaa4','department-01m8kzqcygk643r82c3wtrv3t6',1);
INSERT INTO "category" VALUES('category-01m8kzqd1f9ncnjha3qwtx6n01','过户更名','category-01m8kzqd0tb2trwwzg7456eaa4','department-01m8kzqcygk643r82c3wtrv3t6',1);
INSERT INTO "category" VALUES('category-01m8kzqd1p1ytfwv9tpzawd897','投诉建议',NULL,NULL,1);
INSERT INTO "category" VALUES('category-01m8kzqd1sf21gkw7xsx0tghhk','服务投诉','category-01m8kzqd1p1ytfwv9tpzawd897','department-01m8kzqcygk643r82c3wtrv3t6',1);
INSERT INTO "category" VALUES('category-01m8kzqd247c4kgvfwbz8r3f9b','收费投诉','category-01m8kzqd1p1ytfwv9tpzawd897','department-01m8kzqcy9e0qd6yggeq5znxqd',1);
INSERT INTO "category" VALUES('category-01m8kzqd29vs4pn2mn7mm3ztzq','服务建议','category-01m8kzqd1p1ytfwv9tpzawd897','department-01m8kzqcygk643r82c3wtrv3t6',1);
CREATE TABLE customer (
	id VARCHAR NOT NULL, 
	account_number VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	address VARCHAR NOT NULL, 
	area VARCHAR NOT NULL, 
	grade VARCHAR(32) NOT NULL, 
	arrears_cents BIGINT NOT NULL, 
	contract_active BOOLEAN NOT NULL, 
	language VARCHAR NOT NULL, 
	consent VARCHAR(32) NOT NULL, 
	consent_at DATETIME, 
	consent_source VARCHAR NOT NULL, 
	do_not_call BOOLEAN NOT NULL, 
	do_not_call_at DATETIME, 
	do_not_call_source VARCHAR NOT NULL, 
	notes VARCHAR NOT NULL, 
	legal_hold VARCHAR NOT NULL, 
	merged_into VARCHAR, 
	erased_at DATETIME, 
	created_at DATETIME NOT NULL, 
	version INTEGER NOT NULL, 
	CONSTRAINT pk_customer PRIMARY KEY (id), 
	CONSTRAINT fk_customer_merged_into_customer FOREIGN KEY(merged_into) REFERENCES customer (id), 
	CONSTRAINT uq_customer_account_number UNIQUE (account_number)
);
INSERT INTO "customer" VALUES('customer-01m8kzqeasnx62pj4gaqh1sj7d','6001000001','王秀英','建设街8号2单元301','城东','B',0,1,'zh','unknown',NULL,'',0,NULL,'','','',NULL,NULL,'2026-11-29 15:45:38.137212',1);
INSERT INTO "customer" VALUES('customer-01m8kzqebwd53bhytskna3vjdb','6001000002','李建国','幸福路12号3单元402','城东','C',128050,1,'zh','unknown',NULL,'',0,NULL,'','','',NULL,NULL,'2026-11-29 15:45:38.172989',1);
INSERT INTO "customer" VALUES('customer-01m8kzqec069cy49em24z6q63z','6001000003','张敏','幸福路12号3单元402','城东','C',0,1,'zh','unknown',NULL,'',0,NULL,'','','',NULL,NULL,'2026-11-29 15:45:38.176566',1);
INSERT INTO "customer" VALUES('customer-01m8kzqecbmdr524061dghhz96','6001000004','赵磊','和平路56号1单元1102','城西','VIP',0,1,'zh','unknown',NULL,'',0,NULL,'','','',NULL,NULL,'2026-11-29 15:45:38.187913',1);
INSERT INTO "customer" VALUES('customer-01m8kzqecn835hv186kg325q6v','6001000005','孙丽','人民路21号4单元602','城西','C',0,1,'zh','unknown',NULL,'',0,NULL,'','','',NULL,NULL,'2026-11-29 15:45:38.197626',1);
INSERT INTO "customer" VALUES('customer-01m8kzqed0b9m5fgf12x5fwbvn','6001000006','孙丽商铺','人民路23号底商7号','城西','A',0,1,'zh','unknown',NULL,'',0,NULL,'','','',NULL,NULL,'2026-11-29 15:45:38.208459',1);
CREATE TABLE customer_audit (
	id VARCHAR NOT NULL, 
	customer_id VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	action VARCHAR(32) NOT NULL, 
	version INTEGER NOT NULL, 
	staff_id VARCHAR, 
	staff_name VARCHAR NOT NULL, 
	changes JSON NOT NULL, 
	CONSTRAINT pk_customer_audit PRIMARY KEY (id)
);
INSERT INTO "customer_audit" VALUES('audit-01m8kzqeb0mj49001f6v132e2f','customer-01m8kzqeasnx62pj4gaqh1sj7d','2026-11-29 15:45:38.144853','create',1,NULL,'','{}');
INSERT INTO "customer_audit" VALUES('audit-01m8kzqebyyjzyfkb58zqpp1s3','customer-01m8kzqebwd53bhytskna3vjdb','2026-11-29 15:45:38.174074','create',1,NULL,'','{}');
INSERT INTO "customer_audit" VALUES('audit-01m8kzqec4nyb1fffk9tef3d1c','customer-01m8kzqec069cy49em24z6q63z','2026-11-29 15:45:38.180586','create',1,NULL,'','{}');
INSERT INTO "customer_audit" VALUES('audit-01m8kzqech27ws299qsywcnht0','customer-01m8kzqecbmdr524061dghhz96','2026-11-29 15:45:38.193333','create',1,NULL,'','{}');
INSERT INTO "customer_audit" VALUES('audit-01m8kzqecrbh6psmt0v83p990s','customer-01m8kzqecn835hv186kg325q6v','2026-11-29 15:45:38.200714','create',1,NULL,'','{}');
INSERT INTO "customer_audit" VALUES('audit-01m8kzqed4qyypr941xw8w03zk','customer-01m8kzqed0b9m5fgf12x5fwbvn','2026-11-29 15:45:38.212708','create',1,NULL,'','{}');
CREATE TABLE customer_import (
	id VARCHAR NOT NULL, 
	status VARCHAR(32) NOT NULL, 
	at DATETIME NOT NULL, 
	staff_id VARCHAR NOT NULL, 
	staff_name VARCHAR NOT NULL, 
	rows INTEGER NOT NULL, 
	creates INTEGER NOT NULL, 
	updates INTEGER NOT NULL, 
	error_count INTEGER NOT NULL, 
	errors JSON NOT NULL, 
	CONSTRAINT pk_customer_import PRIMARY KEY (id)
);
CREATE TABLE customer_import_phone (
	import_id VARCHAR NOT NULL, 
	"row" INTEGER NOT NULL, 
	number VARCHAR NOT NULL, 
	CONSTRAINT pk_customer_import_phone PRIMARY KEY (import_id, "row", number)
);
CREATE TABLE customer_import_row (
	import_id VARCHAR NOT NULL, 
	"row" INTEGER NOT NULL, 
	customer_id VARCHAR NOT NULL, 
	account_number VARCHAR NOT NULL, 
	name VARCHAR, 
	address VARCHAR, 
	area VARCHAR, 
	grade VARCHAR, 
	arrears_cents BIGINT, 
	contract_active BOOLEAN, 
	language VARCHAR, 
	notes VARCHAR, consent VARCHAR, do_not_call BOOLEAN, seen_version INTEGER, 
	CONSTRAINT pk_customer_import_row PRIMARY KEY (import_id, "row")
);
CREATE TABLE customer_merge (
	id VARCHAR NOT NULL, 
	kept_id VARCHAR NOT NULL, 
	merged_id VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	staff_name VARCHAR NOT NULL, 
	filled JSON NOT NULL, 
	copied_phones JSON NOT NULL, 
	revived_phones JSON NOT NULL, 
	undone_at DATETIME, 
	undone_by VARCHAR NOT NULL, 
	CONSTRAINT pk_customer_merge PRIMARY KEY (id), 
	CONSTRAINT fk_customer_merge_kept_id_customer FOREIGN KEY(kept_id) REFERENCES customer (id), 
	CONSTRAINT fk_customer_merge_merged_id_customer FOREIGN KEY(merged_id) REFERENCES customer (id)
);
CREATE TABLE customer_merge_row (
	merge_id VARCHAR NOT NULL, 
	table_name VARCHAR NOT NULL, 
	row_key VARCHAR NOT NULL, 
	CONSTRAINT pk_customer_merge_row PRIMARY KEY (merge_id, table_name, row_key), 
	CONSTRAINT fk_customer_merge_row_merge_id_customer_merge FOREIGN KEY(merge_id) REFERENCES customer_merge (id)
);
CREATE TABLE customer_phone (
	number VARCHAR NOT NULL, 
	customer_id VARCHAR NOT NULL, 
	current BOOLEAN NOT NULL, 
	verified_at DATETIME, 
	CONSTRAINT pk_customer_phone PRIMARY KEY (number, customer_id), 
	CONSTRAINT fk_customer_phone_customer_id_customer FOREIGN KEY(customer_id) REFERENCES customer (id)
);
INSERT INTO "customer_phone" VALUES('+8613800000001','customer-01m8kzqeasnx62pj4gaqh1sj7d',1,NULL);
INSERT INTO "customer_phone" VALUES('+8613800000002','customer-01m8kzqebwd53bhytskna3vjdb',1,NULL);
INSERT INTO "customer_phone" VALUES('+8613800000004','customer-01m8kzqecbmdr524061dghhz96',1,NULL);
INSERT INTO "customer_phone" VALUES('+8613800000005','customer-01m8kzqecn835hv186kg325q6v',1,NULL);
INSERT INTO "customer_phone" VALUES('+8613800000005','customer-01m8kzqed0b9m5fgf12x5fwbvn',1,NULL);
CREATE TABLE department (
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	parent_id VARCHAR, 
	area VARCHAR NOT NULL, 
	active BOOLEAN NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_department PRIMARY KEY (id), 
	CONSTRAINT fk_department_parent_id_department FOREIGN KEY(parent_id) REFERENCES department (id), 
	CONSTRAINT uq_department_name UNIQUE (name)
);
INSERT INTO "department" VALUES('department-01m8kzqcxc9k80dcb0vmwr7w7k','城东维修工区',NULL,'城东',1,'2026-11-29 15:45:36.684518');
INSERT INTO "department" VALUES('department-01m8kzqcy530rrsfvbqkc3bast','城西维修工区',NULL,'城西',1,'2026-11-29 15:45:36.709490');
INSERT INTO "department" VALUES('department-01m8kzqcy9e0qd6yggeq5znxqd','收费科',NULL,'',1,'2026-11-29 15:45:36.713161');
INSERT INTO "department" VALUES('department-01m8kzqcygk643r82c3wtrv3t6','客户服务科',NULL,'',1,'2026-11-29 15:45:36.720691');
CREATE TABLE department_hours (
	version INTEGER NOT NULL, 
	owner VARCHAR NOT NULL, 
	hours JSON, 
	changed_by VARCHAR NOT NULL, 
	changed_at DATETIME NOT NULL, 
	CONSTRAINT pk_department_hours PRIMARY KEY (version)
);
INSERT INTO "department_hours" VALUES(1,'department-01m8kzqcxc9k80dcb0vmwr7w7k','{"round_the_clock": false, "workday": [{"opens": "07:00", "closes": "21:00"}], "day_off": [{"opens": "08:00", "closes": "18:00"}], "days": {}}','hotline','2026-11-29 15:45:38.513824');
INSERT INTO "department_hours" VALUES(2,'department-01m8kzqcy530rrsfvbqkc3bast','{"round_the_clock": false, "workday": [{"opens": "07:00", "closes": "21:00"}], "day_off": [{"opens": "08:00", "closes": "18:00"}], "days": {}}','hotline','2026-11-29 15:45:38.528577');
CREATE TABLE duty_override (
	id VARCHAR NOT NULL, 
	department_id VARCHAR NOT NULL, 
	from_at DATETIME NOT NULL, 
	until_at DATETIME NOT NULL, 
	recipient_ids JSON NOT NULL, 
	note VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_duty_override PRIMARY KEY (id), 
	CONSTRAINT fk_duty_override_department_id_department FOREIGN KEY(department_id) REFERENCES department (id)
);
CREATE TABLE duty_rota (
	department_id VARCHAR NOT NULL, 
	time_zone VARCHAR NOT NULL, 
	shifts JSON NOT NULL, 
	version INTEGER NOT NULL, 
	CONSTRAINT pk_duty_rota PRIMARY KEY (department_id), 
	CONSTRAINT fk_duty_rota_department_id_department FOREIGN KEY(department_id) REFERENCES department (id)
);
CREATE TABLE handover (
	id VARCHAR NOT NULL, 
	department_id VARCHAR, 
	staff_id VARCHAR NOT NULL, 
	staff_name VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	notes VARCHAR NOT NULL, 
	left_open INTEGER NOT NULL, 
	acknowledged_at DATETIME, 
	acknowledged_by VARCHAR NOT NULL, 
	acknowledged_notes VARCHAR NOT NULL, 
	CONSTRAINT pk_handover PRIMARY KEY (id), 
	CONSTRAINT fk_handover_department_id_department FOREIGN KEY(department_id) REFERENCES department (id), 
	CONSTRAINT fk_handover_staff_id_staff FOREIGN KEY(staff_id) REFERENCES staff (id)
);
CREATE TABLE handover_item (
	handover_id VARCHAR NOT NULL, 
	place INTEGER NOT NULL, 
	ticket_id VARCHAR NOT NULL, 
	status VARCHAR(32) NOT NULL, 
	why JSON NOT NULL, 
	note VARCHAR NOT NULL, 
	CONSTRAINT pk_handover_item PRIMARY KEY (handover_id, place), 
	CONSTRAINT fk_handover_item_handover_id_handover FOREIGN KEY(handover_id) REFERENCES handover (id), 
	CONSTRAINT fk_handover_item_ticket_id_ticket FOREIGN KEY(ticket_id) REFERENCES ticket (id)
);
CREATE TABLE improvement_action (
	id VARCHAR NOT NULL, 
	department_id VARCHAR, 
	what VARCHAR NOT NULL, 
	owner VARCHAR NOT NULL, 
	until DATETIME NOT NULL, 
	created_by VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, 
	done_at DATETIME, 
	outcome VARCHAR NOT NULL, 
	done_by VARCHAR NOT NULL, 
	CONSTRAINT pk_improvement_action PRIMARY KEY (id), 
	CONSTRAINT fk_improvement_action_department_id_department FOREIGN KEY(department_id) REFERENCES department (id)
);
CREATE TABLE "notice_delivery" (
	sequence INTEGER NOT NULL, 
	id VARCHAR NOT NULL, 
	event_id VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	recipient_id VARCHAR, 
	department_id VARCHAR, 
	channel VARCHAR(32) NOT NULL, 
	subject VARCHAR NOT NULL, 
	text VARCHAR NOT NULL, 
	whole JSON, 
	data JSON NOT NULL, 
	happened_at DATETIME NOT NULL, 
	state VARCHAR(32) NOT NULL, 
	attempts INTEGER NOT NULL, 
	next_at DATETIME, 
	error VARCHAR, 
	created_at DATETIME NOT NULL, 
	sent_at DATETIME, 
	addressee VARCHAR NOT NULL, 
	number VARCHAR, 
	dropped_by VARCHAR, 
	drop_reason VARCHAR, 
	CONSTRAINT pk_notice_delivery PRIMARY KEY (sequence), 
	CONSTRAINT fk_notice_delivery_recipient_id_notice_recipient FOREIGN KEY(recipient_id) REFERENCES notice_recipient (id), 
	CONSTRAINT uq_notice_delivery_id UNIQUE (id), 
	CONSTRAINT uq_notice_delivery_event_id_addressee UNIQUE (event_id, addressee)
);
CREATE TABLE notice_recipient (
	id VARCHAR NOT NULL, 
	department_id VARCHAR, 
	staff_id VARCHAR, 
	name VARCHAR NOT NULL, 
	channel VARCHAR(32) NOT NULL, 
	address VARCHAR NOT NULL, 
	secret VARCHAR, 
	language VARCHAR NOT NULL, 
	standing BOOLEAN NOT NULL, 
	switches JSON NOT NULL, 
	in_house BOOLEAN NOT NULL, 
	active BOOLEAN NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_notice_recipient PRIMARY KEY (id), 
	CONSTRAINT fk_notice_recipient_department_id_department FOREIGN KEY(department_id) REFERENCES department (id), 
	CONSTRAINT fk_notice_recipient_staff_id_staff FOREIGN KEY(staff_id) REFERENCES staff (id)
);
CREATE TABLE outbox (
	sequence INTEGER NOT NULL, 
	kind VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	payload JSON NOT NULL, 
	created_at DATETIME NOT NULL, 
	next_at DATETIME, 
	attempts INTEGER NOT NULL, 
	done_at DATETIME, 
	error VARCHAR, 
	dropped_by VARCHAR, 
	drop_reason VARCHAR, 
	CONSTRAINT pk_outbox PRIMARY KEY (sequence)
);
INSERT INTO "outbox" VALUES(1,'ticket.file','ticket-01m8kzqgehzzbp6hqm6nk9j9nf','{"ticket_id": "ticket-01m8kzqgehzzbp6hqm6nk9j9nf", "version": 1, "action": "file", "at": "2026-11-29T15:45:40.325010+00:00", "from_status": null, "status": "registered", "number": "26112900001", "kind": "fault", "subject": "\u6696\u6c14\u4e0d\u70ed", "urgency": "normal", "category_id": null, "area": "", "customer_id": "customer-01m8kzqeasnx62pj4gaqh1sj7d", "department_id": null, "person_id": null, "co_department_ids": [], "redo_count": 0, "reporters": [{"customer_id": "customer-01m8kzqeasnx62pj4gaqh1sj7d", "number": "+8613800000001", "name": "\u738b\u79c0\u82f1"}]}','2026-11-29 15:45:40.332792','2026-11-29 15:45:40.332792',0,NULL,NULL,NULL,NULL);
INSERT INTO "outbox" VALUES(2,'ticket.file','ticket-01m8kzqggcr9pvpetf64sd2j0r','{"ticket_id": "ticket-01m8kzqggcr9pvpetf64sd2j0r", "version": 1, "action": "file", "at": "2026-11-29T15:45:40.376617+00:00", "from_status": null, "status": "registered", "number": "26112900002", "kind": "fault", "subject": "\u7ba1\u9053\u6f0f\u6c34", "urgency": "normal", "category_id": null, "area": "", "customer_id": null, "department_id": null, "person_id": null, "co_department_ids": [], "redo_count": 0, "reporters": [{"customer_id": null, "number": "+8613800000003", "name": "\u5b59\u4e3d"}]}','2026-11-29 15:45:40.381491','2026-11-29 15:45:40.381491',0,NULL,NULL,NULL,NULL);
INSERT INTO "outbox" VALUES(3,'ticket.dispatch','ticket-01m8kzqgehzzbp6hqm6nk9j9nf','{"ticket_id": "ticket-01m8kzqgehzzbp6hqm6nk9j9nf", "version": 2, "action": "dispatch", "at": "2026-11-29T15:45:40.433508+00:00", "from_status": "registered", "status": "dispatched", "number": "26112900001", "kind": "fault", "subject": "\u6696\u6c14\u4e0d\u70ed", "urgency": "normal", "category_id": null, "area": "", "customer_id": "customer-01m8kzqeasnx62pj4gaqh1sj7d", "department_id": "department-01m8kzqcxc9k80dcb0vmwr7w7k", "person_id": null, "co_department_ids": [], "redo_count": 0, "reporters": [{"customer_id": "customer-01m8kzqeasnx62pj4gaqh1sj7d", "number": "+8613800000001", "name": "\u738b\u79c0\u82f1"}]}','2026-11-29 15:45:40.438779','2026-11-29 15:45:40.438779',0,NULL,NULL,NULL,NULL);
INSERT INTO "outbox" VALUES(4,'ticket.sign','ticket-01m8kzqgehzzbp6hqm6nk9j9nf','{"ticket_id": "ticket-01m8kzqgehzzbp6hqm6nk9j9nf", "version": 3, "action": "sign", "at": "2026-11-29T15:45:40.454712+00:00", "from_status": "dispatched", "status": "signed", "number": "26112900001", "kind": "fault", "subject": "\u6696\u6c14\u4e0d\u70ed", "urgency": "normal", "category_id": null, "area": "", "customer_id": "customer-01m8kzqeasnx62pj4gaqh1sj7d", "department_id": "department-01m8kzqcxc9k80dcb0vmwr7w7k", "person_id": null, "co_department_ids": [], "redo_count": 0, "reporters": [{"customer_id": "customer-01m8kzqeasnx62pj4gaqh1sj7d", "number": "+8613800000001", "name": "\u738b\u79c0\u82f1"}]}','2026-11-29 15:45:40.455631','2026-11-29 15:45:40.455631',0,NULL,NULL,NULL,NULL);
CREATE TABLE phone_choice (
	number VARCHAR NOT NULL, 
	customer_id VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	staff_name VARCHAR NOT NULL, 
	times INTEGER NOT NULL, 
	CONSTRAINT pk_phone_choice PRIMARY KEY (number), 
	CONSTRAINT fk_phone_choice_customer_id_customer FOREIGN KEY(customer_id) REFERENCES customer (id)
);
CREATE TABLE protected_list (
	id VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	in_force_from DATETIME NOT NULL, 
	in_force_until DATETIME NOT NULL, 
	created_at DATETIME NOT NULL, 
	staff_name VARCHAR NOT NULL, 
	CONSTRAINT pk_protected_list PRIMARY KEY (id)
);
CREATE TABLE protected_member (
	id VARCHAR NOT NULL, 
	list_id VARCHAR NOT NULL, 
	customer_id VARCHAR NOT NULL, 
	CONSTRAINT pk_protected_member PRIMARY KEY (id), 
	CONSTRAINT fk_protected_member_customer_id_customer FOREIGN KEY(customer_id) REFERENCES customer (id), 
	CONSTRAINT fk_protected_member_list_id_protected_list FOREIGN KEY(list_id) REFERENCES protected_list (id)
);
CREATE TABLE recording (
	id VARCHAR NOT NULL, 
	call_id VARCHAR NOT NULL, 
	segment INTEGER NOT NULL, 
	ticket_id VARCHAR, 
	customer_id VARCHAR, 
	agent_id VARCHAR, 
	kind VARCHAR(16) NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	channels INTEGER NOT NULL, 
	started_at DATETIME NOT NULL, 
	ended_at DATETIME, 
	duration_ms INTEGER, 
	sample_rate INTEGER, 
	bytes INTEGER, 
	sha256 VARCHAR, 
	file VARCHAR NOT NULL, 
	gap_ms INTEGER NOT NULL, 
	note VARCHAR NOT NULL, 
	CONSTRAINT pk_recording PRIMARY KEY (id), 
	CONSTRAINT uq_recording_call_id_segment UNIQUE (call_id, segment)
);
INSERT INTO "recording" VALUES('rec-01m8kzqg4sfd0shbp732t5ry0n','call-01aaaaaaaaaaaaaaaaaaaaaaaa',1,'ticket-01m8kzqeq5b977vtsx82mc1t2t','customer-01m8kzqeasnx62pj4gaqh1sj7d','staff-01m8kzqd6rnazkwk0vxygm9b3f','conversation','failed',2,'2026-11-29 15:45:39.993631','2026-11-29 15:45:40.025229',NULL,NULL,NULL,NULL,'2026/11/29/rec-01m8kzqg4sfd0shbp732t5ry0n.wav',0,'no audio');
CREATE TABLE recording_audit (
	id VARCHAR NOT NULL, 
	recording_id VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	staff_id VARCHAR NOT NULL, 
	staff_number VARCHAR NOT NULL, 
	action VARCHAR(16) NOT NULL, 
	detail VARCHAR NOT NULL, 
	CONSTRAINT pk_recording_audit PRIMARY KEY (id)
);
CREATE TABLE ruling_count (
	category_id VARCHAR NOT NULL, 
	area VARCHAR NOT NULL, 
	department_id VARCHAR NOT NULL, 
	theirs INTEGER NOT NULL, 
	not_theirs INTEGER NOT NULL, 
	CONSTRAINT pk_ruling_count PRIMARY KEY (category_id, area, department_id), 
	CONSTRAINT fk_ruling_count_category_id_category FOREIGN KEY(category_id) REFERENCES category (id), 
	CONSTRAINT fk_ruling_count_department_id_department FOREIGN KEY(department_id) REFERENCES department (id)
);
CREATE TABLE service_policy (
	version INTEGER NOT NULL, 
	policy JSON NOT NULL, 
	effective_from DATETIME NOT NULL, 
	reaches_open BOOLEAN NOT NULL, 
	note VARCHAR NOT NULL, 
	changed_by VARCHAR NOT NULL, 
	changed_at DATETIME NOT NULL, 
	CONSTRAINT pk_service_policy PRIMARY KEY (version)
);
INSERT INTO "service_policy" VALUES(1,'{"rules": [{"kind": null, "urgency": null, "grade": null, "category_id": null, "department_id": null, "respond_minutes": 240, "resolve_minutes": 2400, "round_the_clock": false}, {"kind": "consultation", "urgency": null, "grade": null, "category_id": null, "department_id": null, "respond_minutes": 120, "resolve_minutes": 1440, "round_the_clock": false}, {"kind": "complaint", "urgency": null, "grade": null, "category_id": null, "department_id": null, "respond_minutes": 240, "resolve_minutes": 6240, "round_the_clock": false}, {"kind": null, "urgency": "urgent", "grade": null, "category_id": null, "department_id": null, "respond_minutes": 60, "resolve_minutes": 1440, "round_the_clock": true}, {"kind": null, "urgency": "critical", "grade": null, "category_id": null, "department_id": null, "respond_minutes": 15, "resolve_minutes": 120, "round_the_clock": true}, {"kind": null, "urgency": null, "grade": "VIP", "category_id": null, "department_id": null, "respond_minutes": 60, "resolve_minutes": 960, "round_the_clock": false}, {"kind": null, "urgency": null, "grade": null, "category_id": "category-01m8kzqcz6y7vhcjqejyh7g1v6", "department_id": null, "respond_minutes": 60, "resolve_minutes": 1440, "round_the_clock": true}, {"kind": null, "urgency": "urgent", "grade": null, "category_id": "category-01m8kzqcz6y7vhcjqejyh7g1v6", "department_id": null, "respond_minutes": 30, "resolve_minutes": 480, "round_the_clock": true}, {"kind": null, "urgency": "critical", "grade": null, "category_id": "category-01m8kzqcz6y7vhcjqejyh7g1v6", "department_id": null, "respond_minutes": 15, "resolve_minutes": 120, "round_the_clock": true}, {"kind": null, "urgency": null, "grade": null, "category_id": "category-01m8kzqd01z5mqjybpmv1kn8xx", "department_id": null, "respond_minutes": 15, "resolve_minutes": 240, "round_the_clock": true}, {"kind": null, "urgency": "urgent", "grade": null, "category_id": "category-01m8kzqd01z5mqjybpmv1kn8xx", "department_id": null, "respond_minutes": 15, "resolve_minutes": 180, "round_the_clock": true}], "warning_percent": 80, "again_percent": 50, "ladder": [{"clock": "respond", "after_minutes": 0, "role": "supervisor", "department_id": null}, {"clock": "resolve", "after_minutes": 0, "role": "supervisor", "department_id": null}, {"clock": "resolve", "after_minutes": 240, "role": "administrator", "department_id": null}]}','2026-11-29 15:45:38.470439',0,'供热服务时限','hotline','2026-11-29 15:45:38.470439');
CREATE TABLE staff (
	id VARCHAR NOT NULL, 
	staff_number VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	role VARCHAR(32) NOT NULL, 
	password_hash VARCHAR NOT NULL, 
	department_id VARCHAR, 
	endpoint VARCHAR, 
	sip_password VARCHAR, 
	queues JSON NOT NULL, 
	language VARCHAR NOT NULL, 
	active BOOLEAN NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_staff PRIMARY KEY (id), 
	CONSTRAINT fk_staff_department_id_department FOREIGN KEY(department_id) REFERENCES department (id), 
	CONSTRAINT uq_staff_endpoint UNIQUE (endpoint), 
	CONSTRAINT uq_staff_staff_number UNIQUE (staff_number)
);
INSERT INTO "staff" VALUES('staff-01m8kzqd6rnazkwk0vxygm9b3f','1001','刘芳','agent','$argon2id$v=19$m=19456,t=2,p=1$Oe4nPswmZfT7oc9QyZQkHw$l0PvbKDaazMPExm2z0/OH5lKHZDC6LRwnW+ploVeCpQ','department-01m8kzqcygk643r82c3wtrv3t6','agent1001','xxxxxxxxxxxx','["repair"]','zh',1,'2026-11-29 15:45:37.096893');
INSERT INTO "staff" VALUES('staff-01m8kzqdapt3zp0rz2vs73ahhf','1002','陈静','agent','$argon2id$v=19$m=19456,t=2,p=1$xZ0XDqI/QylxBNCZxY3DwQ$LEuYGuI7+cYN5X0vwNjqCY8bNyAt9VOHR5uia0g/yBg','department-01m8kzqcygk643r82c3wtrv3t6','agent1002','xxxxxxxxxxxx','["repair"]','zh',1,'2026-11-29 15:45:37.227555');
INSERT INTO "staff" VALUES('staff-01m8kzqdem8d9f6nctefpjp4de','1003','周婷','agent','$argon2id$v=19$m=19456,t=2,p=1$v7rJeJ69Fo3EvN6oHeypIg$r0DAFlKGj2K36ZgFqtfOsj16W/SZvtt0kgBfmJ31ep4','department-01m8kzqcygk643r82c3wtrv3t6','agent1003','xxxxxxxxxxxx','["repair"]','zh',1,'2026-11-29 15:45:37.326032');
INSERT INTO "staff" VALUES('staff-01m8kzqdhn938dznn1syqzdpfk','1004','吴敏','agent','$argon2id$v=19$m=19456,t=2,p=1$yvsDa1hd7avL/bab4CPq9Q$ZpdVIHR0VFkFJNqVAAUAxspMwpeM7md/xYQiRTXl7XQ','department-01m8kzqcygk643r82c3wtrv3t6','agent1004','xxxxxxxxxxxx','["repair"]','zh',1,'2026-11-29 15:45:37.436820');
INSERT INTO "staff" VALUES('staff-01m8kzqdn1wzwxqvknjyv515cc','1005','郑洁','agent','$argon2id$v=19$m=19456,t=2,p=1$KfmD+ng3KzA0EmZ/E5zlMw$KAfAIX7WWP3S0DBgJbmqWK1sG425MYrVgecGcXP+700','department-01m8kzqcygk643r82c3wtrv3t6','agent1005','xxxxxxxxxxxx','["repair"]','zh',1,'2026-11-29 15:45:37.533408');
INSERT INTO "staff" VALUES('staff-01m8kzqdr5ez7dp919r67ymwq9','1006','冯娟','agent','$argon2id$v=19$m=19456,t=2,p=1$QRCmRZjugqu6ix5yNi6Q3w$wU6sbwp3Cg0oGMU9yJMCznt10Tj/+swAeu8bHlTMs2w','department-01m8kzqcygk643r82c3wtrv3t6','agent1006','xxxxxxxxxxxx','["repair"]','zh',1,'2026-11-29 15:45:37.636681');
INSERT INTO "staff" VALUES('staff-01m8kzqdv8adj5ncg8w72y6cn0','2001','马师傅','department','$argon2id$v=19$m=19456,t=2,p=1$oHYJWqXGpk9A9DcKFLTdYA$EeBzqM5QuaglQVgWU+yYSg6iJev2mzn1DbD5IohKNxA','department-01m8kzqcxc9k80dcb0vmwr7w7k',NULL,NULL,'[]','zh',1,'2026-11-29 15:45:37.740662');
INSERT INTO "staff" VALUES('staff-01m8kzqdye3s99z1af4s63b2qz','2002','朱师傅','department','$argon2id$v=19$m=19456,t=2,p=1$jWOvYEN7QmCG1HOXbUllCQ$G853kVUCKoQ8v3q1AEGLdcB1eeh0B9PnK2ngedF/YaQ','department-01m8kzqcy530rrsfvbqkc3bast',NULL,NULL,'[]','zh',1,'2026-11-29 15:45:37.840649');
INSERT INTO "staff" VALUES('staff-01m8kzqe1nnwvvwerty5cq0zb4','3001','何主管','supervisor','$argon2id$v=19$m=19456,t=2,p=1$EvYVjBTwqw+SQHlZmg5XHg$ldjHlVTvg5exLpiCgMnv/dzCJpFs6Nzvvb2QOieBjN0','department-01m8kzqcygk643r82c3wtrv3t6',NULL,NULL,'[]','zh',1,'2026-11-29 15:45:37.942749');
INSERT INTO "staff" VALUES('staff-01m8kzqe4r2gxxnb2t8mqfm8hx','4001','许质检','quality','$argon2id$v=19$m=19456,t=2,p=1$cqkE6knMew6s63coi8dIeg$R8kzKvUz9HwEeOVTxvqA/+YQJtm8Sz+KIv6QSthQ0Q0','department-01m8kzqcygk643r82c3wtrv3t6',NULL,NULL,'[]','zh',1,'2026-11-29 15:45:38.029049');
INSERT INTO "staff" VALUES('staff-01m8kzqe7ng98f21vz2wsny5qd','9001','系统管理员','administrator','$argon2id$v=19$m=19456,t=2,p=1$9vqBczgYYtRR5z+oJfoAMg$77smNH4L9FKtjiBncVMhCk+wNgmeenWY5qg4EeQXQZ8',NULL,NULL,NULL,'[]','zh',1,'2026-11-29 15:45:38.126216');
CREATE TABLE survey_answers (
	contact_id VARCHAR NOT NULL, 
	ticket_id VARCHAR NOT NULL, 
	call_id VARCHAR, 
	staff_id VARCHAR, 
	at DATETIME NOT NULL, 
	solved BOOLEAN, 
	attitude VARCHAR, 
	charged BOOLEAN, 
	score INTEGER, 
	suggestion_recording_id VARCHAR, 
	CONSTRAINT pk_survey_answers PRIMARY KEY (contact_id), 
	CONSTRAINT fk_survey_answers_contact_id_campaign_contact FOREIGN KEY(contact_id) REFERENCES campaign_contact (id)
);
CREATE TABLE "ticket" (
	id VARCHAR NOT NULL, 
	number VARCHAR NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	channel VARCHAR(32) NOT NULL, 
	status VARCHAR(32) NOT NULL, 
	customer_id VARCHAR, 
	category_id VARCHAR, 
	department_id VARCHAR, 
	person_id VARCHAR, 
	subject VARCHAR NOT NULL, 
	description VARCHAR NOT NULL, 
	address VARCHAR NOT NULL, 
	address_key VARCHAR NOT NULL, 
	area VARCHAR NOT NULL, 
	urgency VARCHAR(32) NOT NULL, 
	form JSON NOT NULL, 
	form_version INTEGER NOT NULL, 
	visit_from DATETIME, 
	visit_until DATETIME, 
	urge_count INTEGER NOT NULL, 
	redo_count INTEGER NOT NULL, 
	shared BOOLEAN NOT NULL, 
	parked_from VARCHAR(32), 
	escalated BOOLEAN NOT NULL, 
	validity VARCHAR(32), 
	assessment VARCHAR(32), 
	added_to BOOLEAN NOT NULL, 
	reply VARCHAR NOT NULL, 
	closing_grounds VARCHAR NOT NULL, 
	open_matter VARCHAR, 
	registered_at DATETIME NOT NULL, 
	dispatched_at DATETIME, 
	closed_at DATETIME, 
	version INTEGER NOT NULL, 
	visit_booked BOOLEAN DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_ticket PRIMARY KEY (id), 
	CONSTRAINT fk_ticket_department_id_department FOREIGN KEY(department_id) REFERENCES department (id), 
	CONSTRAINT fk_ticket_customer_id_customer FOREIGN KEY(customer_id) REFERENCES customer (id), 
	CONSTRAINT uq_ticket_number UNIQUE (number), 
	CONSTRAINT uq_ticket_open_matter UNIQUE (open_matter), 
	CONSTRAINT fk_ticket_category_id_category FOREIGN KEY(category_id) REFERENCES category (id), 
	CONSTRAINT fk_ticket_person_id_staff FOREIGN KEY(person_id) REFERENCES staff (id)
);
INSERT INTO "ticket" VALUES('ticket-01m8kzqeq5b977vtsx82mc1t2t','26111100001','consultation','phone','archived','customer-01m8kzqeasnx62pj4gaqh1sj7d','category-01m8kzqd12am3mbwqwqnng0664',NULL,NULL,'咨询本采暖季缴费方式','询问能否在手机上缴纳采暖费，已告知缴费渠道。','建设街8号2单元301','建设街8-2-301','城东','normal','{}',0,NULL,NULL,0,0,0,NULL,0,NULL,NULL,0,'','当场解答，用户表示满意',NULL,'2026-11-11 12:45:38.533683',NULL,'2026-11-11 12:48:38.533683',2,0);
INSERT INTO "ticket" VALUES('ticket-01m8kzqeq6dss36vpt5nkzjpjg','26112600001','fault','phone','dispatched','customer-01m8kzqeasnx62pj4gaqh1sj7d','category-01m8kzqczm1dcebp27dvbesa75','department-01m8kzqcxc9k80dcb0vmwr7w7k',NULL,'暖气不热','卧室暖气片上半部不热，室温约十六度。','建设街8号2单元301','建设街8-2-301','城东','normal','{}',0,NULL,NULL,0,0,0,NULL,0,NULL,NULL,0,'','',NULL,'2026-11-26 13:45:38.533683','2026-11-26 13:51:38.533683',NULL,2,0);
INSERT INTO "ticket" VALUES('ticket-01m8kzqgehzzbp6hqm6nk9j9nf','26112900001','fault','phone','signed','customer-01m8kzqeasnx62pj4gaqh1sj7d',NULL,'department-01m8kzqcxc9k80dcb0vmwr7w7k',NULL,'暖气不热','','幸福路12号3单元402','幸福路12-3-402','','normal','{}',0,NULL,NULL,0,0,0,NULL,0,NULL,NULL,0,'','','76a4652be91bc60f507078880aee3ef819243494da109c79d01b6e7c8cbe16cb','2026-11-29 15:45:40.255459','2026-11-29 15:45:40.433420',NULL,3,0);
INSERT INTO "ticket" VALUES('ticket-01m8kzqggcr9pvpetf64sd2j0r','26112900002','fault','phone','registered',NULL,NULL,NULL,NULL,'管道漏水','','幸福路12号5单元101','幸福路12-5-101','','normal','{}',0,NULL,NULL,0,0,0,NULL,0,NULL,NULL,0,'','','b4c527c5ea33c6aecd0e8ebd6d0e673207d55ee56e74f0e28e526bf322f90dcf','2026-11-29 15:45:40.348021',NULL,NULL,1,0);
CREATE TABLE ticket_attachment (
	id VARCHAR NOT NULL, 
	ticket_id VARCHAR NOT NULL, 
	recording_id VARCHAR NOT NULL, 
	note VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_ticket_attachment PRIMARY KEY (id), 
	CONSTRAINT fk_ticket_attachment_ticket_id_ticket FOREIGN KEY(ticket_id) REFERENCES ticket (id)
);
CREATE TABLE ticket_clock (
	ticket_id VARCHAR NOT NULL, 
	clock VARCHAR(32) NOT NULL, 
	round INTEGER NOT NULL, 
	department_id VARCHAR, 
	policy_version INTEGER NOT NULL, 
	round_the_clock BOOLEAN NOT NULL, 
	allowed_s INTEGER NOT NULL, 
	started_at DATETIME NOT NULL, 
	due_at DATETIME NOT NULL, 
	paused_at DATETIME, 
	remaining_s INTEGER NOT NULL, 
	stopped_at DATETIME, 
	edition INTEGER NOT NULL, 
	next_step INTEGER NOT NULL, 
	next_at DATETIME, alone JSON, 
	CONSTRAINT pk_ticket_clock PRIMARY KEY (ticket_id, clock, round), 
	CONSTRAINT fk_ticket_clock_department_id_department FOREIGN KEY(department_id) REFERENCES department (id), 
	CONSTRAINT fk_ticket_clock_ticket_id_ticket FOREIGN KEY(ticket_id) REFERENCES ticket (id)
);
CREATE TABLE ticket_clock_step (
	ticket_id VARCHAR NOT NULL, 
	clock VARCHAR(32) NOT NULL, 
	round INTEGER NOT NULL, 
	edition INTEGER NOT NULL, 
	step INTEGER NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	department_id VARCHAR, 
	due_at DATETIME NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_ticket_clock_step PRIMARY KEY (ticket_id, clock, round, edition, step), 
	CONSTRAINT fk_ticket_clock_step_ticket_id_ticket FOREIGN KEY(ticket_id) REFERENCES ticket (id)
);
CREATE TABLE ticket_co_handler (
	id VARCHAR NOT NULL, 
	ticket_id VARCHAR NOT NULL, 
	department_id VARCHAR NOT NULL, 
	state VARCHAR(32) NOT NULL, 
	task VARCHAR NOT NULL, 
	reply VARCHAR NOT NULL, 
	asked_at DATETIME NOT NULL, 
	signed_by VARCHAR NOT NULL, 
	signed_at DATETIME, 
	replied_by VARCHAR NOT NULL, 
	replied_at DATETIME, 
	CONSTRAINT pk_ticket_co_handler PRIMARY KEY (id), 
	CONSTRAINT fk_ticket_co_handler_department_id_department FOREIGN KEY(department_id) REFERENCES department (id), 
	CONSTRAINT fk_ticket_co_handler_ticket_id_ticket FOREIGN KEY(ticket_id) REFERENCES ticket (id), 
	CONSTRAINT uq_ticket_co_handler_ticket_id_department_id UNIQUE (ticket_id, department_id)
);
CREATE TABLE ticket_counter (
	day VARCHAR NOT NULL, 
	last INTEGER NOT NULL, 
	CONSTRAINT pk_ticket_counter PRIMARY KEY (day)
);
INSERT INTO "ticket_counter" VALUES('261111',1);
INSERT INTO "ticket_counter" VALUES('261126',1);
INSERT INTO "ticket_counter" VALUES('261129',2);
CREATE TABLE ticket_extension (
	id VARCHAR NOT NULL, 
	ticket_id VARCHAR NOT NULL, 
	department_id VARCHAR, 
	reason VARCHAR NOT NULL, 
	until DATETIME NOT NULL, 
	asked_by VARCHAR NOT NULL, 
	asked_at DATETIME NOT NULL, 
	granted BOOLEAN, 
	decision VARCHAR NOT NULL, 
	decided_by VARCHAR NOT NULL, 
	decided_at DATETIME, withdrawn_at DATETIME, 
	CONSTRAINT pk_ticket_extension PRIMARY KEY (id), 
	CONSTRAINT fk_ticket_extension_department_id_department FOREIGN KEY(department_id) REFERENCES department (id), 
	CONSTRAINT fk_ticket_extension_ticket_id_ticket FOREIGN KEY(ticket_id) REFERENCES ticket (id)
);
CREATE TABLE ticket_finding (
	id VARCHAR NOT NULL, 
	ticket_id VARCHAR NOT NULL, 
	validity VARCHAR(32) NOT NULL, 
	finding VARCHAR NOT NULL, 
	responsibility VARCHAR NOT NULL, 
	corrective_measures VARCHAR NOT NULL, 
	preventive_measures VARCHAR NOT NULL, 
	judged_by VARCHAR NOT NULL, 
	judged_at DATETIME NOT NULL, 
	contested_because VARCHAR NOT NULL, 
	contested_by VARCHAR NOT NULL, 
	contested_at DATETIME, 
	CONSTRAINT pk_ticket_finding PRIMARY KEY (id), 
	CONSTRAINT fk_ticket_finding_ticket_id_ticket FOREIGN KEY(ticket_id) REFERENCES ticket (id)
);
CREATE TABLE ticket_form (
	kind VARCHAR(32) NOT NULL, 
	version INTEGER NOT NULL, 
	fields JSON NOT NULL, 
	changed_by VARCHAR NOT NULL, 
	changed_at DATETIME NOT NULL, 
	CONSTRAINT pk_ticket_form PRIMARY KEY (kind, version)
);
CREATE TABLE ticket_log (
	id VARCHAR NOT NULL, 
	ticket_id VARCHAR NOT NULL, 
	version INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	action VARCHAR NOT NULL, 
	from_status VARCHAR, 
	to_status VARCHAR NOT NULL, 
	actor_kind VARCHAR(32) NOT NULL, 
	actor_id VARCHAR, 
	actor_name VARCHAR NOT NULL, 
	detail JSON NOT NULL, 
	CONSTRAINT pk_ticket_log PRIMARY KEY (id), 
	CONSTRAINT fk_ticket_log_ticket_id_ticket FOREIGN KEY(ticket_id) REFERENCES ticket (id), 
	CONSTRAINT uq_ticket_log_ticket_id_version UNIQUE (ticket_id, version)
);
INSERT INTO "ticket_log" VALUES('log-01m8kzqerczzaw5k2ef7bswxa7','ticket-01m8kzqeq5b977vtsx82mc1t2t',1,'2026-11-11 12:45:38.533683','file',NULL,'registered','staff','staff-01m8kzqdapt3zp0rz2vs73ahhf','陈静 (1002)','{"subject": "\u54a8\u8be2\u672c\u91c7\u6696\u5b63\u7f34\u8d39\u65b9\u5f0f"}');
INSERT INTO "ticket_log" VALUES('log-01m8kzqerfe3gxhfa22evbzy4a','ticket-01m8kzqeq5b977vtsx82mc1t2t',2,'2026-11-11 12:48:38.533683','answer','registered','archived','staff','staff-01m8kzqdapt3zp0rz2vs73ahhf','陈静 (1002)','{"grounds": "\u5f53\u573a\u89e3\u7b54\uff0c\u7528\u6237\u8868\u793a\u6ee1\u610f"}');
INSERT INTO "ticket_log" VALUES('log-01m8kzqes8bf3mzs3tg28sxdma','ticket-01m8kzqeq6dss36vpt5nkzjpjg',1,'2026-11-26 13:45:38.533683','file',NULL,'registered','staff','staff-01m8kzqd6rnazkwk0vxygm9b3f','刘芳 (1001)','{"subject": "\u6696\u6c14\u4e0d\u70ed"}');
INSERT INTO "ticket_log" VALUES('log-01m8kzqesazqzzdtc2k81bfhww','ticket-01m8kzqeq6dss36vpt5nkzjpjg',2,'2026-11-26 13:51:38.533683','dispatch','registered','dispatched','staff','staff-01m8kzqd6rnazkwk0vxygm9b3f','刘芳 (1001)','{"to_department": "department-01m8kzqcxc9k80dcb0vmwr7w7k"}');
INSERT INTO "ticket_log" VALUES('log-01m8kzqgf5vr80zvv2qfkr24t8','ticket-01m8kzqgehzzbp6hqm6nk9j9nf',1,'2026-11-29 15:45:40.325010','file',NULL,'registered','staff','staff-01m8kzqd6rnazkwk0vxygm9b3f','Agent (1001)','{"call_id": null, "subject": "\u6696\u6c14\u4e0d\u70ed"}');
INSERT INTO "ticket_log" VALUES('log-01m8kzqggrbt1e1qjf1sa71n8r','ticket-01m8kzqggcr9pvpetf64sd2j0r',1,'2026-11-29 15:45:40.376617','file',NULL,'registered','staff','staff-01m8kzqd6rnazkwk0vxygm9b3f','Agent (1001)','{"call_id": null, "subject": "\u7ba1\u9053\u6f0f\u6c34"}');
INSERT INTO "ticket_log" VALUES('log-01m8kzqgjhdwzjn6w4w038p26x','ticket-01m8kzqgehzzbp6hqm6nk9j9nf',2,'2026-11-29 15:45:40.433508','dispatch','registered','dispatched','staff','staff-01m8kzqd6rnazkwk0vxygm9b3f','Agent (1001)','{"from_department": null, "to_department": "department-01m8kzqcxc9k80dcb0vmwr7w7k", "person_id": null}');
INSERT INTO "ticket_log" VALUES('log-01m8kzqgk6va83f2ymnx5qf3ff','ticket-01m8kzqgehzzbp6hqm6nk9j9nf',3,'2026-11-29 15:45:40.454712','sign','dispatched','signed','staff','staff-01m8kzqd6rnazkwk0vxygm9b3f','Worker','{}');
CREATE TABLE ticket_merge (
	id VARCHAR NOT NULL, 
	ticket_id VARCHAR NOT NULL, 
	into_id VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	"by" VARCHAR NOT NULL, 
	undone_at DATETIME, 
	undone_by VARCHAR NOT NULL, 
	parked_from VARCHAR(32), 
	escalated BOOLEAN NOT NULL, 
	open_matter VARCHAR, 
	own_urgency VARCHAR(32) NOT NULL, 
	reporter_ids JSON NOT NULL, 
	attachment_ids JSON NOT NULL, 
	CONSTRAINT pk_ticket_merge PRIMARY KEY (id), 
	CONSTRAINT fk_ticket_merge_into_id_ticket FOREIGN KEY(into_id) REFERENCES ticket (id), 
	CONSTRAINT fk_ticket_merge_ticket_id_ticket FOREIGN KEY(ticket_id) REFERENCES ticket (id)
);
CREATE TABLE ticket_pass (
	id VARCHAR NOT NULL, 
	ticket_id VARCHAR NOT NULL, 
	version INTEGER NOT NULL, 
	from_department_id VARCHAR NOT NULL, 
	from_person_id VARCHAR, 
	to_department_id VARCHAR NOT NULL, 
	state VARCHAR(32) NOT NULL, 
	reason VARCHAR NOT NULL, 
	passed_by VARCHAR NOT NULL, 
	passed_at DATETIME NOT NULL, 
	answer VARCHAR NOT NULL, 
	answered_by VARCHAR NOT NULL, 
	answered_at DATETIME, 
	CONSTRAINT pk_ticket_pass PRIMARY KEY (id), 
	CONSTRAINT fk_ticket_pass_from_department_id_department FOREIGN KEY(from_department_id) REFERENCES department (id), 
	CONSTRAINT fk_ticket_pass_from_person_id_staff FOREIGN KEY(from_person_id) REFERENCES staff (id), 
	CONSTRAINT fk_ticket_pass_ticket_id_ticket FOREIGN KEY(ticket_id) REFERENCES ticket (id), 
	CONSTRAINT fk_ticket_pass_to_department_id_department FOREIGN KEY(to_department_id) REFERENCES department (id)
);
CREATE TABLE ticket_refusal (
	id VARCHAR NOT NULL, 
	ticket_id VARCHAR NOT NULL, 
	department_id VARCHAR NOT NULL, 
	person_id VARCHAR, 
	reason VARCHAR(32) NOT NULL, 
	explanation VARCHAR NOT NULL, 
	evidence_recording_id VARCHAR, 
	at DATETIME NOT NULL, 
	ruling VARCHAR(32), 
	ruling_grounds VARCHAR NOT NULL, 
	ruled_by VARCHAR NOT NULL, 
	ruled_at DATETIME, 
	CONSTRAINT pk_ticket_refusal PRIMARY KEY (id), 
	CONSTRAINT fk_ticket_refusal_department_id_department FOREIGN KEY(department_id) REFERENCES department (id), 
	CONSTRAINT fk_ticket_refusal_person_id_staff FOREIGN KEY(person_id) REFERENCES staff (id), 
	CONSTRAINT fk_ticket_refusal_ticket_id_ticket FOREIGN KEY(ticket_id) REFERENCES ticket (id)
);
CREATE TABLE ticket_reporter (
	id VARCHAR NOT NULL, 
	ticket_id VARCHAR NOT NULL, 
	customer_id VARCHAR, 
	number VARCHAR, 
	name VARCHAR NOT NULL, 
	call_id VARCHAR, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_ticket_reporter PRIMARY KEY (id), 
	CONSTRAINT fk_ticket_reporter_customer_id_customer FOREIGN KEY(customer_id) REFERENCES customer (id), 
	CONSTRAINT fk_ticket_reporter_ticket_id_ticket FOREIGN KEY(ticket_id) REFERENCES ticket (id)
);
INSERT INTO "ticket_reporter" VALUES('reporter-01m8kzqerfxmg1p30qc9p30s0j','ticket-01m8kzqeq5b977vtsx82mc1t2t','customer-01m8kzqeasnx62pj4gaqh1sj7d','+8613800000001','王秀英',NULL,'2026-11-11 12:45:38.533683');
INSERT INTO "ticket_reporter" VALUES('reporter-01m8kzqesayaa07y16bsvgewrd','ticket-01m8kzqeq6dss36vpt5nkzjpjg','customer-01m8kzqeasnx62pj4gaqh1sj7d','+8613800000001','王秀英',NULL,'2026-11-26 13:45:38.533683');
INSERT INTO "ticket_reporter" VALUES('reporter-01m8kzqgf4x0rxwvpk5kywqrj5','ticket-01m8kzqgehzzbp6hqm6nk9j9nf','customer-01m8kzqeasnx62pj4gaqh1sj7d','+8613800000001','王秀英',NULL,'2026-11-29 15:45:40.324724');
INSERT INTO "ticket_reporter" VALUES('reporter-01m8kzqggrchjt3tk5m8txgxfp','ticket-01m8kzqggcr9pvpetf64sd2j0r',NULL,'+8613800000003','孙丽',NULL,'2026-11-29 15:45:40.376356');
CREATE TABLE ticket_request (
	"key" VARCHAR NOT NULL, 
	ticket_id VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	fingerprint VARCHAR NOT NULL, 
	CONSTRAINT pk_ticket_request PRIMARY KEY ("key"), 
	CONSTRAINT fk_ticket_request_ticket_id_ticket FOREIGN KEY(ticket_id) REFERENCES ticket (id)
);
INSERT INTO "ticket_request" VALUES('sample:asked','ticket-01m8kzqeq5b977vtsx82mc1t2t','2026-11-11 12:45:38.533683','');
INSERT INTO "ticket_request" VALUES('sample:cold','ticket-01m8kzqeq6dss36vpt5nkzjpjg','2026-11-26 13:45:38.533683','');
INSERT INTO "ticket_request" VALUES('file:key-+8613800000001','ticket-01m8kzqgehzzbp6hqm6nk9j9nf','2026-11-29 15:45:40.333222','b5de0d62b2b0274d62030dea7b6f2647af658b87552af4b0c0ad8b007e2fb37c');
INSERT INTO "ticket_request" VALUES('file:key-+8613800000003','ticket-01m8kzqggcr9pvpetf64sd2j0r','2026-11-29 15:45:40.381750','fa4a67dfb312bd91cad543a461167e6c1c5db367032e40fc57fd1e40d8096dd1');
CREATE INDEX ix_call_record_customer_id_started_at ON call_record (customer_id, started_at);
CREATE INDEX ix_call_record_number_started_at ON call_record (number, started_at);
CREATE INDEX ix_call_record_outcome_started_at ON call_record (outcome, started_at);
CREATE INDEX ix_call_record_started_at ON call_record (started_at);
CREATE INDEX ix_call_record_ticket_id ON call_record (ticket_id);
CREATE INDEX ix_campaign_contact_due ON campaign_contact (state, next_at);
CREATE INDEX ix_customer_address ON customer (address);
CREATE INDEX ix_customer_area ON customer (area);
CREATE INDEX ix_customer_merged_into ON customer (merged_into);
CREATE INDEX ix_customer_audit_action_at ON customer_audit (action, at);
CREATE INDEX ix_customer_audit_customer_id_at ON customer_audit (customer_id, at);
CREATE INDEX ix_customer_import_row_account ON customer_import_row (import_id, account_number);
CREATE INDEX ix_department_hours_owner ON department_hours (owner);
CREATE INDEX ix_outbox_dead ON outbox (sequence) WHERE next_at IS NULL AND done_at IS NULL;
CREATE INDEX ix_outbox_done_at ON outbox (done_at);
CREATE INDEX ix_outbox_pending ON outbox (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX ix_outbox_pending_of_key ON outbox ("key", sequence) WHERE next_at IS NOT NULL;
CREATE INDEX ix_recording_customer_id_started_at ON recording (customer_id, started_at);
CREATE INDEX ix_recording_status ON recording (status);
CREATE INDEX ix_recording_ticket_id ON recording (ticket_id);
CREATE INDEX ix_recording_audit_recording_id_at ON recording_audit (recording_id, at);
CREATE INDEX ix_service_policy_effective_from ON service_policy (effective_from);
CREATE INDEX ix_campaign_attempt_contact_id ON campaign_attempt (contact_id);
CREATE INDEX ix_campaign_attempt_number ON campaign_attempt (number);
CREATE INDEX ix_customer_merge_kept_id ON customer_merge (kept_id);
CREATE INDEX ix_customer_merge_merged_id ON customer_merge (merged_id);
CREATE INDEX ix_customer_phone_customer_id ON customer_phone (customer_id);
CREATE INDEX ix_duty_override_department_id_until ON duty_override (department_id, until_at);
CREATE INDEX ix_improvement_action_department_id ON improvement_action (department_id);
CREATE INDEX ix_phone_choice_customer_id ON phone_choice (customer_id);
CREATE INDEX ix_protected_member_customer_id ON protected_member (customer_id);
CREATE INDEX ix_protected_member_list_id ON protected_member (list_id);
CREATE INDEX ix_survey_answers_ticket_id ON survey_answers (ticket_id);
CREATE INDEX ix_handover_department_id ON handover (department_id, at);
CREATE INDEX ix_notice_recipient_department_id ON notice_recipient (department_id);
CREATE INDEX ix_notice_recipient_staff_id ON notice_recipient (staff_id);
CREATE INDEX ix_appointment_department_id ON appointment (department_id, visit_from) WHERE cancelled_at IS NULL;
CREATE UNIQUE INDEX ix_appointment_ticket_id ON appointment (ticket_id) WHERE cancelled_at IS NULL;
CREATE INDEX ix_ticket_attachment_ticket_id ON ticket_attachment (ticket_id);
CREATE INDEX ix_ticket_clock_due_at ON ticket_clock (due_at);
CREATE INDEX ix_ticket_clock_next_at ON ticket_clock (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX ix_ticket_clock_running ON ticket_clock (due_at) WHERE stopped_at IS NULL;
CREATE INDEX ix_ticket_co_handler_department_id ON ticket_co_handler (department_id);
CREATE INDEX ix_ticket_extension_ticket_id ON ticket_extension (ticket_id);
CREATE INDEX ix_ticket_finding_ticket_id ON ticket_finding (ticket_id);
CREATE UNIQUE INDEX ix_ticket_merge_active ON ticket_merge (ticket_id) WHERE undone_at IS NULL;
CREATE INDEX ix_ticket_merge_into_id ON ticket_merge (into_id);
CREATE INDEX ix_ticket_merge_open_matter ON ticket_merge (open_matter) WHERE undone_at IS NULL;
CREATE INDEX ix_ticket_merge_ticket_id ON ticket_merge (ticket_id);
CREATE INDEX ix_ticket_pass_from_department_id ON ticket_pass (from_department_id);
CREATE INDEX ix_ticket_pass_ticket_id ON ticket_pass (ticket_id);
CREATE INDEX ix_ticket_refusal_ticket_id ON ticket_refusal (ticket_id);
CREATE INDEX ix_ticket_reporter_number ON ticket_reporter (number, id);
CREATE INDEX ix_ticket_reporter_ticket_id ON ticket_reporter (ticket_id);
CREATE INDEX ix_notice_delivery_created_at ON notice_delivery (created_at);
CREATE INDEX ix_notice_delivery_recipient_id ON notice_delivery (recipient_id, sequence);
CREATE INDEX ix_notice_delivery_pending ON notice_delivery (channel, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX ix_notice_delivery_state ON notice_delivery (state, sequence);
CREATE INDEX ix_notice_delivery_key ON notice_delivery ("key", sequence);
CREATE INDEX ix_notice_delivery_department_id ON notice_delivery (department_id, sequence);
CREATE INDEX ix_notice_delivery_pending_of_key ON notice_delivery (addressee, "key", sequence) WHERE next_at IS NOT NULL;
CREATE INDEX ix_ticket_reporter_customer_id_at ON ticket_reporter (customer_id, at);
CREATE INDEX ix_ticket_status_registered_at ON ticket (status, registered_at, id);
CREATE INDEX ix_ticket_open_area_category_id ON ticket (area, category_id, registered_at) WHERE closed_at IS NULL;
CREATE INDEX ix_ticket_open_address_key ON ticket (address_key, registered_at) WHERE closed_at IS NULL;
CREATE INDEX ix_ticket_customer_id_registered_at ON ticket (customer_id, registered_at);
CREATE INDEX ix_ticket_open_area ON ticket (area, registered_at) WHERE closed_at IS NULL;
CREATE INDEX ix_ticket_open_category_id ON ticket (category_id, registered_at) WHERE closed_at IS NULL;
CREATE INDEX ix_ticket_open_customer_id ON ticket (customer_id, registered_at) WHERE closed_at IS NULL;
CREATE INDEX ix_ticket_department_id_registered_at ON ticket (department_id, registered_at, id);
CREATE INDEX ix_ticket_registered_at ON ticket (registered_at, id);
CREATE INDEX ix_ticket_extension_undecided ON ticket_extension (asked_at) WHERE granted IS NULL AND withdrawn_at IS NULL;
CREATE TRIGGER customer_audit_no_delete BEFORE DELETE ON customer_audit BEGIN SELECT RAISE(ABORT, 'customer_audit is append-only'); END;
CREATE TRIGGER customer_audit_no_update BEFORE UPDATE ON customer_audit WHEN NEW.id IS NOT OLD.id OR NEW.customer_id IS NOT OLD.customer_id OR NEW.at IS NOT OLD.at OR NEW.action IS NOT OLD.action OR NEW.version IS NOT OLD.version OR NEW.staff_id IS NOT OLD.staff_id OR NEW.staff_name IS NOT OLD.staff_name OR (NEW.changes IS NOT OLD.changes AND NEW.changes IS NOT '{"erased": true}') BEGIN SELECT RAISE(ABORT, 'customer_audit is append-only'); END;
CREATE TRIGGER ticket_log_no_delete BEFORE DELETE ON ticket_log BEGIN SELECT RAISE(ABORT, 'ticket_log is append-only'); END;
CREATE TRIGGER ticket_log_no_update BEFORE UPDATE ON ticket_log WHEN NEW.id IS NOT OLD.id OR NEW.ticket_id IS NOT OLD.ticket_id OR NEW.version IS NOT OLD.version OR NEW.at IS NOT OLD.at OR NEW.action IS NOT OLD.action OR NEW.from_status IS NOT OLD.from_status OR NEW.to_status IS NOT OLD.to_status OR NEW.actor_kind IS NOT OLD.actor_kind OR NEW.actor_id IS NOT OLD.actor_id OR (NEW.actor_name IS NOT OLD.actor_name AND NEW.actor_name IS NOT '') OR (NEW.detail IS NOT OLD.detail AND NEW.detail IS NOT '{"erased": true}') BEGIN SELECT RAISE(ABORT, 'ticket_log is append-only'); END;
COMMIT;
